"""What a business that lives on contracts is told of: how far its ends are known, and how far ahead to look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from churnscope.discovery.drafts import Draft
from churnscope.discovery.guesses import FEWEST_CHURNED, Guess, counted
from churnscope.discovery.presets import Preset
from churnscope.discovery.windows import Windows, choose_term_windows

TERMS = "subscriptions"
_MONTH_DAYS = 30
_FEW_DAYS = 7
_LATE_END = timedelta(days=35)  # bills are monthly: ends may all come on one day of the month


def told_through(drafts: Sequence[Draft], today: date) -> Guess:
    """The last day on which contracts are told whole: that of the newest end that came, if that is not long ago."""
    starts = [moment.date() for draft in drafts for _, moment, _ in draft.terms() if moment.date() <= today]
    ends = [moment.date() for draft in drafts for moment in draft.told if moment.date() <= today]
    newest = max(starts)
    if ends and newest - max(ends) <= _LATE_END:
        late = (newest - max(ends)).days
        later = f"; contracts start until {counted(late, 'day')} later" if late > 0 else ""
        evidence = f"day of the newest end that came{later}"
        return Guess("complete_through", max(ends).isoformat(), evidence, check=late > _FEW_DAYS)
    evidence = "the day before the newest start: nothing speaks for that day being whole"
    return Guess("complete_through", (newest - timedelta(days=1)).isoformat(), evidence, check=True)


def term_windows(drafts: Sequence[Draft], preset: Preset, end: date) -> Windows:
    """How far ahead is looked: as far as a usual term lasts, where the days with ends allow it."""
    term_days = next((days for draft in drafts if (days := draft.term_days)), None)
    hidden = _days_before_ends(drafts, term_days or _MONTH_DAYS)
    return choose_term_windows(preset, term_days, (end - _first(drafts)).days + 1 - hidden)


def survivors(drafts: Sequence[Draft], horizon_days: int) -> Guess | None:
    """The beginning of the history, where only contracts that lasted are told: cutoffs there would see nobody leave."""
    days = _days_before_ends(drafts, horizon_days)
    if not days:
        return None
    evidence = f"no contract ends in the first {counted(days + horizon_days, 'day')}: who left then is not in the files"
    return Guess("prediction.history_days", str(days), evidence)


def _days_before_ends(drafts: Sequence[Draft], horizon_days: int) -> int:
    """Days from the first start to the first end, less the horizon; 0 where they are no more than can be expected."""
    ends = sorted(over.date() for draft in drafts for _, _, over in draft.terms() if over)
    days = (ends[len(ends) // 1_000] - _first(drafts)).days - horizon_days if ends else 0
    return days if days > 2 * horizon_days else 0


def _first(drafts: Sequence[Draft]) -> date:
    return min(start.date() for draft in drafts for _, start, _ in draft.terms())


def few_ends(drafts: Sequence[Draft], end: date) -> Guess | None:
    """A warning where hardly any customer's last contract is over."""
    newest: dict[str, date] = {}
    for draft in drafts:
        for customer, _, over in draft.terms():
            newest[customer] = max(newest.get(customer, date.min), over.date() if over else date.max)
    gone = sum(day <= end for day in newest.values())
    if gone >= 2 * FEWEST_CHURNED:
        return None
    evidence = (
        f"of {len(newest):,} customers in the sample {gone:,} have no contract in force at the end: {FEWEST_CHURNED} who leave "
        "before the test are the fewest to learn from; [model] allow_small = true goes down to 10"
    )
    return Guess("churned", "hardly anybody", evidence, check=True)
