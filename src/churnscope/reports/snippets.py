"""Pieces of HTML for a notebook: tables and pictures, without a page around them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

import pyarrow as pa

from churnscope.reports.canvas import inline

MOST_COLUMNS = 8
MOST_LETTERS = 80  # of a cell
_WIDTH = "max-width: 44em"


def paragraph(text: str, *, strong: bool = False) -> str:
    """A sentence."""
    inner = f"<b>{escape(text)}</b>" if strong else escape(text)
    return f"<p>{inner}</p>"


def grid(rows: Iterable[Sequence[str]], header: Sequence[str] = ()) -> str:
    """A table of ready texts."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def picture(svg: bytes, label: str) -> str:
    """A picture that scales with its place; `label` is what it shows."""
    prefix = hashlib.sha256(svg).hexdigest()[:8]  # other cells hold pictures too
    return f'<div style="{_WIDTH}">{inline(svg, prefix=prefix, label=label)}</div>'


def shown_rows(table: pa.Table, rows: int, what: str) -> str:
    """The first rows and columns of a table, and how much there is."""
    names = table.column_names[:MOST_COLUMNS]
    cells = [tuple(map(_cell, row.values())) for row in table.select(names).slice(0, rows).to_pylist()]
    more = table.num_columns - len(names)
    columns = f", {more} more columns" if more else ""
    return grid(cells, names) + paragraph(f"{table.num_rows:,} rows, each {what}{columns}")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
