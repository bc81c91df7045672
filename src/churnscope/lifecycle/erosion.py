"""How many customers are lost and won, month by month and cohort by cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from churnscope.chance import Floats, wilson
from churnscope.errors import InputError
from churnscope.lifecycle.months import Days, calendar_months
from churnscope.lifecycle.spells import STAGES, UNKNOWN, Spells
from churnscope.lifecycle.stays import CODES_WITH_US, INACTIVE
from churnscope.survival import Integers
from churnscope.timeline import date_of, day_number

NOT_YET: Final = np.array([UNKNOWN, STAGES.index("prospect"), STAGES.index("nurtured")], np.int8)
LEAST_MONTHS: Final = 2  # from which a spread between months can be told


@dataclass(frozen=True)
class Rate:
    """A share, with 95 % limits and what it is a share of."""

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def of_counts(cls, events: int, among: int) -> Rate:
        """The share of so many, with limits by chance alone."""
        share, low, high = (float(part) for part in wilson(events, among))
        return cls(share, low, high, among)

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"

    def to_json(self) -> dict[str, float | int | None]:
        """JSON-ready; null where it is not defined."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {**{name: None if np.isnan(number) else round(number, 6) for name, number in numbers.items()}, "of": self.of}


@dataclass(frozen=True, eq=False)
class Attrition:
    """Customers lost and won in every whole month of the calendar, shape (n_months,) each.

    Parameters
    ----------
    starts : the first day of every month, and that of the month after the last, shape (n_months + 1,).
    base : with us as the month begins.
    lost : of these, inactive as it ends.
    new : for the first time with us as it ends.
    back : inactive as it begins and with us as it ends.
    """

    starts: Days
    base: Integers
    lost: Integers
    new: Integers
    back: Integers

    @property
    def end(self) -> Integers:
        """With us as the month ends: whom it began with, less the lost, and all who came."""
        return np.asarray(self.base - self.lost + self.new + self.back, np.int64)

    @property
    def rates(self) -> tuple[Floats, Floats, Floats]:
        """The share lost, with limits."""
        return wilson(self.lost, self.base)

    def rate(self, months: int) -> Rate:
        """The share lost a month over the last months, with limits for the months as a whole.

        Months differ by more than chance among customers, so the limits are as wide as the spread between the months says, and
        no closer than chance alone.

        Notes
        -----
        With B_m the base and L_m the lost of n months, the share is `R = sum L / sum B`, and its variance
        `n / (n - 1) sum (L - R B)^2 / (sum B)^2`; limits by Student's t with n - 1 degrees of freedom.

        References
        ----------
        Cochran, W. G. (1977). Sampling techniques, 3rd ed., section 6.3: the ratio estimate and its variance.
        """
        base, lost = self.base[-months:], self.lost[-months:]
        alone = Rate.of_counts(int(lost.sum()), int(base.sum()))
        if len(base) < LEAST_MONTHS or not alone.of:
            return alone
        share, spread = alone.value, np.sqrt(((lost - alone.value * base) ** 2).sum() * len(base) / (len(base) - 1)) / alone.of
        half = float(spread * stdtrit(len(base) - 1, 0.975))
        return Rate(share, max(0.0, min(alone.low, share - half)), min(1.0, max(alone.high, share + half)), alone.of)

    def rows(self) -> list[dict[str, Any]]:
        """A row a month."""
        columns = zip(self.base, self.lost, self.new, self.back, self.end, *self.rates, strict=True)
        names = ("base", "lost", "new", "back", "end", "attrition", "attrition_low", "attrition_high")
        return [
            {"month": date_of(start), **dict(zip(names, (column.item() for column in row), strict=True))}
            for start, row in zip(self.starts[:-1], columns, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class Cohorts:
    """Customers by the month in which they were first with us, followed month by month.

    Parameters
    ----------
    starts : the first days of the months, shape (n_months + 1,); who came before the first one is in no cohort.
    size : who came, shape (n_months,).
    base, lost : of each cohort with us as a month begins, and inactive as it ends, shape (n_months, n_months), cohort first.
    end : of each cohort with us as a month ends, those who came back among them.
    """

    starts: Days
    size: Integers
    base: Integers
    lost: Integers
    end: Integers

    def rows(self) -> list[dict[str, Any]]:
        """A row for every cohort and month from that after its own on."""
        rate, low, high = wilson(self.lost, self.base)
        return [
            {
                "cohort": date_of(self.starts[cohort]),
                "month": date_of(self.starts[month]),
                "months_since": month - cohort,
                "size": int(self.size[cohort]),
                "base": int(self.base[cohort, month]),
                "lost": int(self.lost[cohort, month]),
                "attrition": float(rate[cohort, month]),
                "attrition_low": float(low[cohort, month]),
                "attrition_high": float(high[cohort, month]),
                "end": int(self.end[cohort, month]),
                "with_us_share": int(self.end[cohort, month]) / int(self.size[cohort]),
            }
            for cohort in range(len(self.size))
            if self.size[cohort]
            for month in range(cohort + 1, len(self.size))
        ]


@dataclass(frozen=True, eq=False)
class Erosion:
    """What was lost and won month by month: in all, by the stage as the month begins, and by cohort.

    Parameters
    ----------
    stages : by stage, in all months together over the last `recent` ones: of those with us the share lost, of the others the
        share that came.
    """

    attrition: Attrition
    cohorts: Cohorts
    stages: dict[str, Rate]
    recent: int

    @property
    def rate(self) -> Rate:
        """The share lost a month lately."""
        return self.attrition.rate(self.recent)

    def a_month(self, what: str) -> float:
        """The mean number of base, lost, new or back in a month lately."""
        return float(getattr(self.attrition, what)[-self.recent :].mean())

    def to_json(self) -> dict[str, Any]:
        """JSON-ready: what the tables do not hold."""
        return {
            "months": len(self.attrition.base),
            "recent_months": self.recent,
            "attrition_a_month": self.rate.to_json(),
            "lost_a_month": round(self.a_month("lost"), 2),
            "new_a_month": round(self.a_month("new"), 2),
            "back_a_month": round(self.a_month("back"), 2),
            "by_stage": {stage: rate.to_json() for stage, rate in self.stages.items()},
        }


def erosion(
    spells: Spells, *, recent_months: int = 12, first_day: int | None = None, cohorts_from: int | None = None
) -> Erosion:
    """Follow all customers from month to month.

    Parameters
    ----------
    recent_months : how many of the last whole months say how it goes lately; all, where there are fewer.
    first_day : months that begin before it are left out. Default: the first day on which a customer is known; `Watch` says from
        when on losses are seen.
    cohorts_from : who came before the month of this day is in no cohort. Default: as for the months.

    Raises
    ------
    InputError : when no whole month lies in the history.
    """
    first = int(spells.entered.min(initial=spells.until)) if first_day is None else first_day
    starts = calendar_months(first, spells.until - 1)
    if len(starts) < 2:
        raise InputError(
            "The life cycle: no whole month of the calendar lies in the history.", "Give files that reach further back."
        )
    stages = np.stack([spells.on(int(day)) for day in starts])
    here, not_yet = np.isin(stages, CODES_WITH_US), np.isin(stages, NOT_YET)
    begin, end = here[:-1], here[1:]
    is_lost = begin & ~end
    attrition = Attrition(
        starts, *(part.sum(axis=1) for part in (begin, is_lost, not_yet[:-1] & end, (stages[:-1] == INACTIVE) & end))
    )
    recent = min(recent_months, len(starts) - 1)
    cohorts = _cohorts(spells, first if cohorts_from is None else cohorts_from)
    return Erosion(attrition, cohorts, _by_stage(stages, here, recent), recent)


def _by_stage(stages: NDArray[np.int8], here: NDArray[np.bool_], recent: int) -> dict[str, Rate]:
    begin = stages[:-1][-recent:]
    changed = (here[:-1] != here[1:])[-recent:]
    rates = {}
    for code, stage in enumerate(STAGES):
        among = begin == code
        if among.any():
            rates[stage] = Rate.of_counts(int((among & changed).sum()), int(among.sum()))
    return rates


def _cohorts(spells: Spells, first: int) -> Cohorts:
    starts = calendar_months(day_number(date_of(first).replace(day=1)), spells.until - 1)
    here = np.isin(np.stack([spells.on(int(day)) for day in starts]), CODES_WITH_US)
    codes = np.isin(spells.stage, CODES_WITH_US)
    customers, places = np.unique(spells.customer[codes], return_index=True)
    came = spells.entered[codes][places]
    cohort = np.searchsorted(starts, came, side="right") - 1
    known = (cohort >= 0) & (cohort < len(starts) - 1)
    n, customers, cohort = len(starts) - 1, customers[known], cohort[known]
    inside = here[:, customers]

    def count(flags: NDArray[np.bool_]) -> Integers:
        return np.stack([np.bincount(cohort[row], minlength=n) for row in flags], axis=1)

    return Cohorts(
        starts,
        np.bincount(cohort, minlength=n),
        count(inside[:-1]),
        count(inside[:-1] & ~inside[1:]),
        count(inside[1:]),
    )
