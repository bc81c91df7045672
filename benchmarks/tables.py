"""Results in order, and as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marks import Costs, limit_gb, middle, multiple
from measurements import Result


def costs_of(result: Result) -> Any:
    """What a result cost; nothing where it took too long."""
    return result.answer["costs"] if result.answer else {}


def of(results: Iterable[Result], section: str) -> list[Result]:
    """The results of a section, by size."""
    return ordered(result for result in results if result.case.section == section and result.answer)


def ordered(results: Iterable[Result]) -> list[Result]:
    """By size, tool, cutoffs and limit."""
    return sorted(results, key=lambda result: (result.case.events, result.case.tool, result.case.cutoffs, _memory(result)))


def _memory(result: Result) -> float:
    return limit_gb(result.case.memory) if result.case.memory else 0.0


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In Markdown; numbers stand right."""
    lines = [header, ("---", *["---:"] * (len(header) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def cost_cells(costs: Costs) -> tuple[str, ...]:
    """Wall and CPU seconds, then both as multiples of the floor."""
    seconds = (middle(costs, "case", kind) for kind in ("wall", "cpu"))
    return (*(f"{value:.2f}" for value in seconds), *(f"{multiple(costs, kind):.1f}" for kind in ("wall", "cpu")))


def rounded(value: float) -> str:
    """Two digits, as 12,000."""
    return f"{float(f'{value:.2g}'):,.0f}"
