"""The plan of actions as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnscope.reports.page import Section, Table
from churnscope.reports.wording import UNKNOWN, count

NOTES = (
    ("customers", "each once, under the first line of the plan that fits; no action where none does"),
    ("with scores", "of these, those of whom a churn probability, a value and who accepts are known"),
    ("expected gain", "of those with scores: the value kept, less all that the action costs"),
    ("expected cost", "of those with scores: offers that will be taken, contacts, and the time of agents"),
)
BEFORE = (
    "Customers who must not be contacted, wait for an answer, were contacted lately or cannot be reached are counted too: the "
    "call list leaves them out."
)


def plan_sections(figures: Mapping[str, Any]) -> tuple[Section, ...]:
    """What is done for whom, and what that is expected to bring."""
    rows = tuple(
        (
            row["stage"],
            ", ".join(_words(name) for name in row["types"]) or "all",
            _words(row["action"]) if row["action"] else "no action",
            count(row["customers"]),
            count(row["scored"]),
            _money(row["gain"]),
            _money(row["cost"]),
        )
        for row in figures["lines"]
    )
    columns = ("stage", "types", "action", "customers", "with scores", "expected gain", "expected cost")
    table = Table("What is planned for whom", "<<<>>>>", columns, rows, NOTES, is_wide=True)
    lead = f"Scores of {figures['scores']}." if figures["scores"] else "There are no scores yet: customers are only counted."
    return (Section("plan", "Plan of actions", lead, tables=(table,), closing=(BEFORE,)),)


def _words(name: str) -> str:
    return name.removeprefix("is_").replace("_", " ")


def _money(amount: float | None) -> str:
    return UNKNOWN if amount is None else f"{amount:,.0f}".replace("-", "\u2212")
