"""A corpus of NDJSON to a Parquet of GPT-4's ids: `cargo lab tokenize` beside pandas with `tokenizers`, interleaved.

    python3 -m venv target/pipeline
    target/pipeline/bin/pip install pandas==3.1.1 pyarrow==26.0.1 tokenizers==0.23.3 polars==2.1.0
    cargo build --profile frames --package apps --no-default-features --features tokenize --bin tokenize
    target/pipeline/bin/python bench/pipeline.py --save interview/measured/pipeline.json

    --megabytes N  size of the NDJSON (default 104)
    --rounds N     how often each contestant runs (default 3)
    --gigabyte     one more run of ours alone on ten times as much, killed on the way and gone on with
    --save PATH    write the figures as a record

The documents are made of `data/declaration.tsv`: one to twelve articles of one language, chosen by a seed. So words
repeat as they do in no crawl of the web, for both sides alike; a column of numbers and one of names stand beside the
text. All contestants have to give the same ids for every document: they are compared after each run, and a difference
ends the program before any ratio. Every contestant is a
process of its own, so the peak of its memory is its own: the largest resident set, as the system counts it, and of that
what is anonymous and what is mapped from files, as far as looking every 20 ms sees it.

Three ways in Python: all at once, as one writes it first; in chunks of 2,000 rows, which bounds the memory; and Polars in
the place of pandas. `tokenizers` uses both processors in all of them (`encode_batch_fast`, without offsets).
"""

import argparse
import base64
import gzip
import hashlib
import json
import os
import platform
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORK = ROOT / "target" / "pipeline-data"
OURS = ROOT / "target" / "frames" / "tokenize"
PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"""
    r"""|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
CHUNK = 2_000
WAYS = {
    "ours": "cargo lab tokenize",
    "pandas": "pandas, all at once",
    "chunks": f"pandas in chunks of {CHUNK:,} rows",
    "polars": "Polars for Python in the place of pandas",
}


def corpus(megabytes: float) -> Path:
    """The NDJSON, made once."""
    path = WORK / f"corpus-{megabytes:g}.ndjson"
    if path.exists():
        return path
    by_language: dict[str, list[str]] = {}
    for line in (ROOT / "data/declaration.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        language, _, text = line.split("\t")
        by_language.setdefault(language, []).append(text)
    languages, chance = sorted(by_language), random.Random(70)
    half = path.with_suffix(".half")
    with half.open("w", encoding="utf-8") as out:
        number, written = 0, 0
        while written < megabytes * 1e6:
            language = chance.choice(languages)
            text = "\n\n".join(chance.choices(by_language[language], k=chance.randint(1, 12)))
            row = {"id": number, "language": language, "text": text, "score": round(chance.random(), 3)}
            line = json.dumps(row, ensure_ascii=False) + "\n"
            out.write(line)
            written += len(line.encode())
            number += 1
    half.rename(path)
    return path


def peer():
    """cl100k for `tokenizers`, which wants pairs where a file of ranks has none: each way to cut a token in two."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

    lines = gzip.decompress((ROOT / "data/cl100k_base.tiktoken.gz").read_bytes()).split()
    ranks = {base64.b64decode(token): int(rank) for token, rank in zip(lines[::2], lines[1::2])}
    visible = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = {byte: chr(byte) for byte in visible}
    letters |= {byte: chr(256 + n) for n, byte in enumerate(b for b in range(256) if b not in letters)}
    word = lambda token: "".join(letters[byte] for byte in token)  # noqa: E731
    merges = []
    for token, rank in ranks.items():
        cuts = [(token[:at], token[at:]) for at in range(1, len(token))]
        cuts = [(a, b) for a, b in cuts if a in ranks and b in ranks]
        merges += [(rank, ranks[a], ranks[b], word(a), word(b)) for a, b in cuts]
    merges.sort()
    model = models.BPE({word(t): r for t, r in ranks.items()}, [(a, b) for *_, a, b in merges], ignore_merges=True)
    found = Tokenizer(model)
    split = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    found.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    found.decoder = decoders.ByteLevel()
    return found


def in_python(way: str, source: Path, out: Path, vocabulary: Path) -> None:
    """One of the ways in Python; the body of a process."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(vocabulary))
    ids = lambda texts: [e.ids for e in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]  # noqa: E731
    out.mkdir(parents=True, exist_ok=True)
    if way == "polars":
        import polars

        frame = polars.read_ndjson(source, schema_overrides={"text": polars.String})
        table = polars.DataFrame({"ids": ids(frame["text"])}, schema={"ids": polars.List(polars.UInt32)})
        table.write_parquet(out / "part-0.parquet")
        return
    import pandas
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema([("ids", pyarrow.list_(pyarrow.uint32()))])
    frames = [pandas.read_json(source, lines=True)]
    if way == "chunks":
        frames = pandas.read_json(source, lines=True, chunksize=CHUNK)
    for number, frame in enumerate(frames):
        frame["ids"] = ids(frame["text"])
        table = pyarrow.Table.from_pandas(frame[["ids"]], schema=schema, preserve_index=False)
        parquet.write_table(table, out / f"part-{number:05}.parquet", compression="zstd")


def command(way: str, source: Path, out: Path) -> list[str]:
    if way == "ours":
        return [str(OURS), str(source), str(out)]
    return [sys.executable, __file__, "--way", way, str(source), str(out), str(WORK / "cl100k.json")]


def resident(pid: int) -> tuple[float, float]:
    """Megabytes that a process has in memory now, anonymous and mapped from files; nothing where the system has no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    found = dict(line.split(":", 1) for line in lines)
    size = lambda name: int(found.get(name, "0 kB").split()[0]) / 1e3  # noqa: E731
    return size("RssAnon"), size("RssFile")


def run(way: str, source: Path, out: Path) -> tuple[float, tuple[float, float, float]]:
    """Seconds of one run from nothing, and its peaks in megabytes: resident, anonymous, mapped."""
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    child = subprocess.Popen(command(way, source, out), stderr=subprocess.DEVNULL if way == "ours" else None)
    anonymous = mapped = 0.0
    while True:
        now = resident(child.pid)
        anonymous, mapped = max(anonymous, now[0]), max(mapped, now[1])
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{way} fails with the status {status}")
    return seconds, (usage.ru_maxrss / 1e3, anonymous, mapped)


def digest(out: Path) -> tuple[int, str]:
    """How many ids there are, and a digest of all of them with the ends of the documents."""
    from pyarrow import parquet

    total, hashed = 0, hashlib.sha256()
    lengths, values = [], []
    for path in sorted(out.glob("*.parquet")):
        column = parquet.read_table(path, columns=["ids"])["ids"]
        for chunk in column.chunks:
            lengths.append(chunk.value_lengths().to_numpy(zero_copy_only=False).astype("<u4").tobytes())
            flat = chunk.flatten().to_numpy(zero_copy_only=False).astype("<u4")
            values.append(flat.tobytes())
            total += len(flat)
    for part in (*lengths, *values):
        hashed.update(part)
    return total, hashed.hexdigest()


def model() -> str:
    """The processor, as Linux names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.machine()])[0].replace("(R)", "")


def apart(*words: str) -> str:
    """What this program prints when it is run by itself: a child is charged with what its parent has in memory."""
    return subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def files(out: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(out.iterdir()) if p.name != "_lock"}


def killed_and_gone_on_with(source: Path) -> tuple[float, tuple[float, float, float], int]:
    """Ten times as much: peak memory, the kills that it lived through, and whether the result is the same."""
    whole, pieces = WORK / "whole", WORK / "pieces"
    seconds, memory = run("ours", source, whole)
    shutil.rmtree(pieces, ignore_errors=True)
    kills, chance = 0, random.Random(9)
    while True:
        child = subprocess.Popen(command("ours", source, pieces), stderr=subprocess.DEVNULL)
        try:
            child.wait(timeout=chance.uniform(0.5, seconds / 3))
            break
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
    if child.returncode or files(whole) != files(pieces):
        sys.exit("the result after the kills is another one")
    return seconds, memory, kills


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--megabytes", type=float, default=104)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--gigabyte", action="store_true")
    arguments.add_argument("--save", type=Path)
    given = arguments.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    if not OURS.exists():
        sys.exit(f"{OURS} is not built; the commands are at the top of {__file__}")
    apart("--peer")
    source = Path(apart("--corpus", str(given.megabytes)))
    megabytes = source.stat().st_size / 1e6
    ways, chance = list(WAYS), random.Random(1)
    seconds = {way: [] for way in ways}
    memory = {way: [] for way in ways}
    digests = {}
    for number in range(given.rounds):
        for way in chance.sample(ways, len(ways)):
            took, most = run(way, source, WORK / way)
            seconds[way].append(took)
            memory[way].append(most)
            digests[way] = tuple(json.loads(apart("--digest", str(WORK / way))))
            print(f"round {number + 1}: {way:8} {took:6.2f} s {most[0]:6.0f} MB", flush=True)
            if digests[way] != digests.setdefault("first", digests[way]):
                sys.exit(f"{way} gives other ids: {digests}")
    rows = []
    for way in ways:
        ratios = [theirs / ours for theirs, ours in zip(seconds[way], seconds["ours"])]
        most = [max(peaks) for peaks in zip(*memory[way])]
        rows.append((way, statistics.median(seconds[way]), most, statistics.median(ratios), min(ratios)))
        print(
            f"{way:8} median {rows[-1][1]:6.2f} s, peak {most[0]:.0f} MB, anonymous {most[1]:.0f}, mapped {most[2]:.0f}, "
            f"{rows[-1][3]:.1f} times ours (least {rows[-1][4]:.1f})"
        )
    print(f"{megabytes:.0f} MB of NDJSON, {digests['first'][0]} ids, the same for all")
    figures = [{"id": "ids", "value": digests["first"][0], "unit": "ids", "what": "ids of the corpus, the same for all"}]
    peaks = lambda id, what, most: [  # noqa: E731
        {"id": f"{id}_memory", "value": round(most[0]), "unit": "MB", "what": f"{what}, peak resident memory"},
        {"id": f"{id}_anonymous", "value": round(most[1]), "unit": "MB", "what": f"{what}, anonymous memory at most"},
        {"id": f"{id}_mapped", "value": round(most[2]), "unit": "MB", "what": f"{what}, mapped memory at most"},
    ]
    for way, middle, most, ratio, least in rows:
        times, what = seconds[way], WAYS[way]
        low, high = round(min(times), 2), round(max(times), 2)
        figures.append({"id": f"{way}_seconds", "value": round(middle, 2), "unit": "s", "what": what, "low": low, "high": high})
        figures += peaks(way, what, most)
        if way != "ours":
            ratio, least = round(ratio, 1), round(least, 1)
            figures.append({"id": f"{way}_ratio", "value": ratio, "unit": "times", "what": f"{what}, over ours", "low": least})
    if given.gigabyte:
        big = Path(apart("--corpus", str(given.megabytes * 10)))
        took, most, kills = killed_and_gone_on_with(big)
        print(f"{big.stat().st_size / 1e6:.0f} MB: {took:.1f} s, peak {most[0]:.0f} MB; after {kills} kills byte by byte the same")
        figures += [
            {"id": "big_seconds", "value": round(took, 1), "unit": "s", "what": "ours, ten times as much"},
            *peaks("big", "ours, ten times as much", most),
            {"id": "big_kills", "value": kills, "unit": "kills", "what": "after so many kills the files were the same, byte by byte"},
        ]
    if given.save:
        record = {
            "about": f"{megabytes:.0f} MB of NDJSON to a Parquet of GPT-4's ids, beside pandas and Polars with the package tokenizers",
            "command": "python bench/pipeline.py --gigabyte",
            "date": time.strftime("%Y-%m-%d"),
            "machine": f"{model()}, {os.cpu_count()} processors, shared",
            "versions": ", ".join(f"{name} {metadata.version(name)}" for name in ("pandas", "pyarrow", "tokenizers", "polars")) + f", Python {platform.python_version()}",
            "conditions": f"{given.rounds} interleaved rounds, each contestant a process of its own, reading from a warm cache; ids compared after each run; medians, ratios as medians of the rounds' own with the least as `low`",
            "page": "src/frames/README.md",
        }
        lines = ",\n".join("  " + json.dumps(figure, ensure_ascii=False) for figure in figures)
        head = json.dumps(record, indent=1, ensure_ascii=False)[:-2]
        given.save.write_text(f'{head},\n "figures": [\n{lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    match sys.argv[1:]:
        case ["--way", way, source, out, vocabulary]:
            in_python(way, Path(source), Path(out), Path(vocabulary))
        case ["--peer"]:
            peer().save(str(WORK / "cl100k.json"))
        case ["--corpus", megabytes]:
            print(corpus(float(megabytes)), end="")
        case ["--digest", out]:
            print(json.dumps(digest(Path(out))))
        case _:
            main()
