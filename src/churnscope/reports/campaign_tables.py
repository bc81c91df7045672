"""What a campaign changed, as rows of text: for the terminal and for notebooks."""

from __future__ import annotations

from churnscope.decisions.campaign import Effect
from churnscope.evaluation.intervals import Estimate
from churnscope.reports.wording import count

COLUMNS = ("", "to be called", "control", "difference", "95% interval")
ALIGN = "<>>>>"
NAMES = {
    "retention": "stayed",
    "customers_saved": "customers saved",
    "spend": "spend of one customer",
    "spend_adjusted": "  less what was foreseeable",
    "profit": "profit of one customer",
    "profit_adjusted": "  less what was foreseeable",
    "cost": "cost of all calls and offers",
    "cost_per_saved": "cost of a saved customer",
}
FORMS = {"customers_saved": "+,.0f", "cost_per_saved": ",.2f"}


def effect_rows(effect: Effect) -> tuple[tuple[str, ...], ...]:
    """Both arms, their difference and its interval, a row per measure that is told."""
    customers = ("customers", count(effect.called.customers), count(effect.control.customers), "", "")
    told = (
        (NAMES[name], _figure(called, name), _figure(control, name), *_difference(difference, name))
        for name, called, control, difference in effect.measures
        if called is not None or control is not None or difference is not None
    )
    return (customers, *told)


def _figure(value: float | None, name: str) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if name == "retention" else f"{value:,.2f}"


def _difference(difference: Estimate | None, name: str) -> tuple[str, str]:
    if difference is None:
        return "", ""
    if name == "retention":
        value, low, high = (f"{100 * figure:+.1f}" for figure in (difference.value, difference.low, difference.high))
        return f"{value} points", f"{low} to {high}"
    value, low, high = (
        format(figure, FORMS.get(name, "+,.2f")) for figure in (difference.value, difference.low, difference.high)
    )
    return value, f"{low} to {high}"
