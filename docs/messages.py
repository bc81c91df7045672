"""Bring the catalogues of translations up to date with what the program says; `--check` only says whether they are.

A text that is new is added without a translation, and tests fail until somebody writes one; a text that is said no more goes.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from churnscope.languages import CODES
from churnscope.project.texts import every_text

FOLDER = Path(__file__).parents[1] / "src" / "churnscope" / "languages"
HEADER = """\
# What churnscope says to people, in {language}.
# A placeholder keeps its name and form, {{value:.0f}}; what it counts may stand behind it: {{value:.0f|# for one|# for many}}.
# Written by `make messages`; only the lines msgstr are yours."""


def updated(code: str) -> str:
    """The catalogue of a language with today's texts."""
    path = FOLDER / f"{code}.po"
    old = read_po(io.BytesIO(path.read_bytes()), locale=code) if path.exists() else Catalog(locale=code)
    language = old.locale.get_display_name("en") if old.locale else code
    new = Catalog(locale=code, header_comment=HEADER.format(language=language), fuzzy=False)
    for text, kind in every_text().items():
        known = old.get(text)
        new.add(text, known.string if known else "", auto_comments=[kind])
    stream = io.BytesIO()
    write_po(stream, new, width=0, omit_header=True)
    head = f'{new.header_comment}\nmsgid ""\nmsgstr ""\n"Language: {code}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    return f"{head}\n{stream.getvalue().decode()}"


def main() -> int:
    stale = []
    for code in CODES[1:]:
        path, text = FOLDER / f"{code}.po", updated(code)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'Not up to date' if '--check' in sys.argv else 'Written'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
