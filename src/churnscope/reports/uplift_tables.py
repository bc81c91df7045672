"""The tables of a campaign: what its offers changed, who knows whom, what rules would have brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from churnscope.evaluation.intervals import Estimate
from churnscope.reports.page import Cell, Table
from churnscope.reports.wording import count, decimal, share
from churnscope.uplift import CONVENTION, ArmRate, PolicyValue, UpliftFigures


def arms_table(control: ArmRate, offers: Sequence[ArmRate]) -> Table:
    """The rates of the arms, control first."""
    rows = tuple(
        (arm.name, count(arm.customers), share(arm.rate, 2), "" if arm.effect is None else _between(arm.effect, 100, "+.2f"))
        for arm in (control, *offers)
    )
    return Table("What the offers changed", "<>>>", ("arm", "customers", "with the outcome", "effect in points"), rows)


def learners_table(curves: Mapping[str, Mapping[str, UpliftFigures]]) -> Table:
    """How well each learner's order finds whom an offer changes."""
    rows = tuple(
        (offer, f"{kind.upper()}-learner", _between(each.qini), _between(each.auuc))
        for offer, found in curves.items()
        for kind, each in found.items()
    )
    caption = "Orders by uplift, on customers the learner had not seen, with 95% intervals"
    return Table(caption, "<<>>", ("offer", "", "Qini", "AUUC"), rows, (("Qini, AUUC", CONVENTION),))


def policies_table(policies: Sequence[PolicyValue]) -> Table:
    """What rules would have brought."""
    rows = tuple(
        (rule.name, share(rule.offered_share, 1), decimal(100 * rule.value.value, ",.2f"), _between(rule.gain, 100, ",.2f"))
        for rule in policies
    )
    columns = ("who gets an offer", "offered", "brings", "more than no one")
    return Table("What rules would have brought per 100 customers, costs taken off", "<>>>", columns, rows)


def _between(found: Estimate, factor: float = 1, form: str = ".3f") -> Cell:
    value, low, high = (decimal(factor * each, form) for each in (found.value, found.low, found.high))
    return Cell(value, f"{low} to {high}")
