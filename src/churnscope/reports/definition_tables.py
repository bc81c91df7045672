"""The tables of two definitions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

from churnscope.advice import LABELS, Agreement, KindsAgreement
from churnscope.reports.page import Table
from churnscope.reports.wording import count, counted, day, decimal, share

_STATES = tuple(label.replace("_", " ") for label in LABELS)
KAPPA = (("kappa", "agreement beyond chance (Cohen): 1 is full agreement, 0 what the two base rates reach by chance"),)


def agreement_table(cutoffs: Mapping[int, Agreement]) -> Table:
    """Two definitions cutoff by cutoff."""
    rows = tuple(
        (
            day(cutoff),
            count(each.a.customers),
            count(each.b.customers),
            count(each.both),
            _rate(each.a.base_rate),
            _rate(each.b.base_rate),
            _rate(each.agreement),
            decimal(nan if each.kappa is None else each.kappa, ".2f"),
        )
        for cutoff, each in cutoffs.items()
    )
    columns = ("cutoff", "in A", "in B", "in both", "churned in A", "churned in B", "same label", "kappa")
    return Table("Customers by cutoff", "<>>>>>>>", columns, rows, KAPPA, is_wide=True)


def crossed_table(cutoff: int, found: Agreement) -> Table:
    """Customers of both definitions at one cutoff, by label in each."""
    rows = tuple(
        (f"{_STATES[one]} in A", *(count(found.crossed[one][other]) for other in found.states)) for one in found.states
    )
    caption = (
        f"On {day(cutoff)}, {counted(found.both, 'customers')} in both by label; {count(found.only_a)} are in A alone, "
        f"{count(found.only_b)} in B alone"
    )
    columns = ("", *(f"{_STATES[state]} in B" for state in found.states))
    return Table(caption, "<" + ">" * len(found.states), columns, rows)


def kinds_table(cutoff: int, found: KindsAgreement) -> Table:
    """The customers of a definition under every kind of label."""
    rows = tuple(
        (
            each.kind,
            count(each.side.churned),
            count(each.side.stayed),
            count(each.side.left_out),
            count(each.side.not_known),
            _rate(each.side.base_rate),
            count(each.differing),
        )
        for each in found.kinds
    )
    caption = (
        f"The customers of A on {day(cutoff)} under every kind of label; the kinds disagree on "
        f"{counted(found.disagreeing, 'customers')}"
    )
    columns = ("kind of label", *_STATES, "base rate", f"differ from {found.own}")
    return Table(caption, "<>>>>>>", columns, rows)


def _rate(value: float | None) -> str:
    return share(nan if value is None else value, 1)
