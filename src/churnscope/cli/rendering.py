"""Results as text: tables drawn by rich on a terminal, aligned columns anywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True)
class Table:
    """A table of ready texts.

    `align` has one sign a column, `<` for words and `>` for figures. A table without `columns` has no header.
    """

    title: str
    align: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()


Part = str | Table


def print_parts(parts: Iterable[Part], stream: TextIO) -> None:
    """Print paragraphs and tables, a blank line before each table."""
    draw = _draw_table if stream.isatty() else _print_table
    for part in parts:
        if isinstance(part, Table):
            print(file=stream)
            draw(part, stream)
        else:
            print(part, file=stream)
    stream.flush()


def print_json(document: Mapping[str, Any], stream: TextIO) -> None:
    """Print one JSON document; a number that is not finite is a mistake of ours and raises `ValueError`."""
    print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False), file=stream, flush=True)


def plain_table(table: Table) -> str:
    """The table as aligned text.

    Examples
    --------
    >>> print(plain_table(Table("Rows", "<>", (("used", "1,200"), ("quarantined", "3")))))
    Rows
      used         1,200
      quarantined      3
    """
    lines = (table.columns, *table.rows) if table.columns else table.rows
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join([table.title, *(_aligned(line, widths, table.align) for line in lines)])


def count(number: int) -> str:
    """A whole number for people: 1,067,370."""
    return f"{number:,}"


def share(number: int, of: int) -> str:
    """A part of a whole in per cent; empty where the whole is."""
    return f"{number / of:.1%}" if of else ""


def shown(path: Path) -> str:
    """A path as short as it can be typed here: relative to this folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _aligned(cells: tuple[str, ...], widths: list[int], align: str) -> str:
    padded = (f"{cell:{sign}{width}}" for cell, sign, width in zip(cells, align, widths, strict=True))
    return f"  {'  '.join(padded)}".rstrip()


def _print_table(table: Table, stream: TextIO) -> None:
    print(plain_table(table), file=stream)


def _draw_table(table: Table, stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=Text(table.title), title_justify="left", box=box.SIMPLE_HEAD, show_header=bool(table.columns))
    for name, sign in zip(table.columns or [""] * len(table.align), table.align, strict=True):
        drawn.add_column(name, justify="right" if sign == ">" else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    Console(file=stream).print(drawn)
