"""Uses the workbook as a person would: JupyterLab in a real browser.

Opens the first notebook and runs it, answers the first stage wrongly and then rightly in its file, as
with an editor of one's own, and sees each verdict in the cell that is run again. Follows a verdict's
link to the file. Then does the same with the second stage inside JupyterLab: opens the answer by the
notebook's link, types, saves, runs the cell. With `--tour` it runs the chapter's whole notebook too. A
picture of each step stays in the output folder.

Usage: browser.py URL CHECKOUT OUTPUT [--tour]

The answers to the first two stages are written, so give it a copy of the checkout.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Error, TimeoutError, sync_playwright

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
# Quiet: a browser of its own accord looks for updates and for its maker's servers.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WRONG = "text.chars().map(u32::from).collect()"
RIGHT = "text.bytes().map(u32::from).collect()"
STUB = 'todo!("bpe.bytes")'
CHECK = "check::bpe::bytes(bpe::bytes)"
# The second stage: pairs that do not overlap, and pairs that do.
SECOND = "check::bpe::pair_counts(bpe::pair_counts)"
SECOND_STUB = 'todo!("bpe.pair_counts")'
SECOND_WRONG = """let mut counts = HashMap::new();
    for pair in ids.chunks_exact(2) {
        *counts.entry((pair[0], pair[1])).or_insert(0) += 1;
    }
    counts"""
SECOND_RIGHT = SECOND_WRONG.replace("chunks_exact", "windows")
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
# Kernel start and the first build, on a slow machine.
PATIENCE = 120_000


class Failure(Exception):
    pass


def find_browser():
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    sys.exit(f"no browser found: expected one of {', '.join(BROWSERS)} on the path")


def open_notebook(page, url, name):
    """Opens a notebook alone and waits for an idle kernel; one that hangs while starting is restarted."""
    # An earlier run's tabs are part of the workspace, which `reset` forgets.
    page.goto(url + "&reset")
    page.wait_for_selector(f"{SHOWN} .jp-Cell", timeout=PATIENCE)
    for attempt in range(3):
        try:
            page.locator(".jp-StatusBar-Item, .jp-StatusBar-TextItem", has_text="Rust | Idle").first.wait_for(timeout=60_000)
            return
        except TimeoutError:
            print(f"{name}: the kernel does not answer (attempt {attempt + 1}); restarting it", flush=True)
            menu(page, "Kernel", "Restart Kernel…")
            page.click(".jp-Dialog button.jp-mod-accept")
    raise Failure(f"{name}: the kernel never became idle")


def menu(page, name, entry):
    page.click(f'.lm-MenuBar-item:has-text("{name}")')
    page.click(f'.lm-Menu-item:has-text("{entry}")')


def wait_until_idle(page):
    page.wait_for_function(
        "() => !document.querySelector('.jp-Notebook .jp-InputPrompt') || "
        "![...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')].some(e => e.textContent.includes('[*]'))",
        timeout=PATIENCE * 2,
    )


def check_cell(page, call=CHECK):
    return page.locator(f"{SHOWN} .jp-CodeCell", has_text=call).first


def save_in_jupyterlab(page, text):
    """Replaces what the open editor holds, and saves with the keyboard."""
    page.locator(".jp-FileEditor .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+S")
    page.locator(".lm-TabBar-tab.lm-mod-current:not(.jp-mod-dirty)", has_text="pair_counts.rs").wait_for()


def run_check(page, state, call=CHECK):
    """Runs the check cell again and waits for a verdict."""
    cell = check_cell(page, call)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    try:
        cell.locator(".jp-OutputArea-output", has_text=state).wait_for(timeout=PATIENCE)
    except TimeoutError:
        raise Failure(f"expected {state}, the cell shows: {cell.locator('.jp-OutputArea').inner_text()}")
    cell.scroll_into_view_if_needed()


def main(url, checkout, output, tour):
    answer = Path(checkout) / "exercises" / "bpe" / "bytes.rs"
    stub = answer.read_text()
    if STUB not in stub:
        sys.exit(f"{answer} is not a stub")
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    shots = []

    def shoot(page, name):
        path = output / f"{len(shots) + 1}_{name}.png"
        page.screenshot(path=path)
        shots.append(path)

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_browser(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        # The workbook talks to its own server and to nobody else.
        strangers = []
        page.on("request", lambda r: strangers.append(r.url) if not r.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")) else None)
        try:
            open_notebook(page, url, "00_start")
            shoot(page, "opened")
            menu(page, "Run", "Run All Cells")
            check_cell(page).locator(".jp-OutputArea-output", has_text="NOT STARTED").wait_for(timeout=PATIENCE)
            wait_until_idle(page)
            check_cell(page).scroll_into_view_if_needed()
            shoot(page, "not_started")
            answer.write_text(stub.replace(STUB, WRONG))
            run_check(page, "FAILING")
            check_cell(page).locator("text=misconception: chars").first.wait_for(timeout=5_000)
            shoot(page, "failing")
            answer.write_text(stub.replace(STUB, WRONG[:-1]))
            run_check(page, "does not compile")
            shoot(page, "typo")
            answer.write_text(stub.replace(STUB, RIGHT))
            run_check(page, "PASSING")
            shoot(page, "passing")
            check_cell(page).locator(".jp-OutputArea a", has_text="bytes.rs").first.click()
            page.wait_for_selector('.jp-FileEditor .cm-content:has-text("Stage")', timeout=30_000)
            shoot(page, "link")
            open_notebook(page, url.replace("00_start", "20_bpe"), "20_bpe")
            cells = page.locator(f"{SHOWN} .jp-CodeCell")
            cells.first.locator(".jp-InputArea-editor").click()
            page.keyboard.press("Control+Enter")
            run_check(page, "NOT STARTED", SECOND)
            page.locator(f"{SHOWN} .jp-MarkdownOutput a", has_text="pair_counts.rs").first.click()
            page.wait_for_selector(".jp-FileEditor .cm-content", timeout=30_000)
            second = Path(checkout) / "exercises" / "bpe" / "pair_counts.rs"
            given = second.read_text()
            for text, state in [(SECOND_WRONG, "FAILING"), (SECOND_RIGHT, "PASSING")]:
                page.click('.lm-TabBar-tab:has-text("pair_counts.rs")')
                save_in_jupyterlab(page, given.replace(SECOND_STUB, text))
                shoot(page, f"second_edited_{state.lower()}")
                page.click('.lm-TabBar-tab:has-text("20_bpe.ipynb")')
                run_check(page, state, SECOND)
                shoot(page, f"second_{state.lower()}")
            if tour:
                menu(page, "Run", "Run All Cells")
                page.locator(".jp-InputPrompt", has_text="[*]").first.wait_for(timeout=PATIENCE)
                wait_until_idle(page)
                cells = page.locator(".jp-Notebook .jp-CodeCell")
                for index in range(cells.count()):
                    cells.nth(index).scroll_into_view_if_needed()
                    shoot(page, f"tour_{index}")
            if strangers:
                raise Failure(f"the page asked other servers: {sorted(set(strangers))[:5]}")
        except (Failure, Error) as error:
            shoot(page, "at_failure")
            print(f"failed: {error}\nthe last picture: {shots[-1]}")
            return 1
        finally:
            browser.close()
    print(f"two stages: saw NOT STARTED, FAILING, a compiler error and PASSING; {len(shots)} pictures in {output}")
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if a != "--tour"]
    if len(arguments) != 3:
        sys.exit(__doc__)
    sys.exit(main(*arguments, tour="--tour" in sys.argv))
