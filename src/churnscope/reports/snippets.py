"""Pieces of HTML for a notebook: tables and pictures, without a page around them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from itertools import accumulate
from math import isfinite

import pyarrow as pa

from churnscope.reports.canvas import Draw, Size, drawn, inline
from churnscope.reports.page import Cell, Table

MOST_COLUMNS = 8
MOST_HEADER_LETTERS = 105  # of all names together
MOST_LETTERS = 80  # of a cell
MOST_UNBROKEN = 12  # letters of a cell that stays in one line, as a date does
MOST_UNBROKEN_SMALL = 28  # and of what stands below it, as an interval does
LEAST_WHOLE = 1_000  # from there on a number is shown without decimals
PICTURE_INCHES: Size = (6.4, 3.9)
_WIDTH = "max-width: 40em"
_SMALL = "color: #666; font-size: 88%"
_NOWRAP = "; white-space: nowrap"
_TONES = {"": "", "good": "color: #1a7f4b", "bad": "color: #b3381b"}
_SIDES = {"<": "left", ">": "right"}


def paragraph(text: str, *, strong: bool = False) -> str:
    """A sentence."""
    inner = f"<b>{escape(text)}</b>" if strong else escape(text)
    return f"<p>{inner}</p>"


def grid(rows: Iterable[Sequence[Cell | str]], header: Sequence[str] = (), align: str = "") -> str:
    """A table of ready texts.

    Parameters
    ----------
    align : a sign for each column, `<` for words and `>` for figures; default: words alone.
    """
    sides = [_SIDES[sign] for sign in align]
    head = _row("th", header, sides)
    body = "".join(_row("td", row, sides) for row in rows)
    return f"<table>{f'<thead>{head}</thead>' if header else ''}<tbody>{body}</tbody></table>"


def table(part: Table) -> str:
    """A table as a report has it, under its caption; terms are explained in the report."""
    return paragraph(part.caption) + grid(part.rows, part.columns, part.align)


def picture(svg: bytes, label: str) -> str:
    """A picture that scales with its place; `label` is what it shows."""
    prefix = hashlib.sha256(svg).hexdigest()[:8]  # other cells hold pictures too
    return f'<div style="{_WIDTH}">{inline(svg, prefix=prefix, label=label)}</div>'


def drawing(sentence: str, draw: Draw, size: Size = PICTURE_INCHES) -> str:
    """A picture under the sentence that says what to see."""
    return paragraph(sentence) + picture(drawn(draw, size=size), sentence)


def shown_rows(rows: pa.Table, most: int, what: str) -> str:
    """The first rows and columns of a table, and how much there is."""
    names = _fitting(rows.column_names)
    shown = rows.select(names).slice(0, most)
    columns = [_texts(column.to_pylist()) for column in shown.columns]
    align = "".join(">" if _is_number(field.type) else "<" for field in shown.schema)
    more = rows.num_columns - len(names)
    rest = f", {more} more columns" if more else ""
    return grid(zip(*columns, strict=True), names, align) + paragraph(f"{rows.num_rows:,} rows, each {what}{rest}")


def _fitting(names: Sequence[str]) -> list[str]:
    """The first names, as many as stand side by side."""
    ends = accumulate(len(name) + 2 for name in names)
    fitting = sum(end <= MOST_HEADER_LETTERS for end in ends)
    return list(names[: max(1, min(fitting, MOST_COLUMNS))])


def _row(tag: str, cells: Sequence[Cell | str], sides: Sequence[str]) -> str:
    padded = sides or ["left"] * len(cells)
    styles = (f"text-align: {side}{_unbroken(cell)}" for cell, side in zip(cells, padded, strict=True))
    inner = (f'<{tag} style="{style}">{_inner(cell)}</{tag}>' for cell, style in zip(cells, styles, strict=True))
    return f"<tr>{''.join(inner)}</tr>"


def _unbroken(cell: Cell | str) -> str:
    breaks = isinstance(cell, str) and "-" in cell and len(cell) <= MOST_UNBROKEN
    return _NOWRAP if breaks else ""


def _inner(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return escape(cell)
    tone = _TONES[cell.tone]
    text = f'<span style="{tone}">{escape(cell.text)}</span>' if tone else escape(cell.text)
    small = [
        f'<span style="{_SMALL}{_NOWRAP if len(line) <= MOST_UNBROKEN_SMALL else ""}">{escape(line)}</span>'
        for line in cell.small.splitlines()
    ]
    return "<br/>".join([text, *small] if text else small)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _texts(values: Sequence[object]) -> list[str]:
    """The cells of a column; its numbers have decimals alike."""
    sizes = [abs(value) for value in values if isinstance(value, float) and isfinite(value)]
    whole = max(sizes, default=0) >= LEAST_WHOLE or all(size == round(size) for size in sizes)
    return [_text(value, ",.0f" if whole else ",.3f") for value in values]


def _text(value: object, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return format(value, form)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
