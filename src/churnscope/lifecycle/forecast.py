"""How many customers will be with us in the next months, by the rule that was nearest in the past, and how far off it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import InputError
from churnscope.lifecycle.months import shifted
from churnscope.lifecycle.moves import Moves
from churnscope.lifecycle.rolling import Trial
from churnscope.lifecycle.rules import RULES
from churnscope.survival import Integers
from churnscope.timeline import date_of

LEAST_MONTHS: Final = 4  # of history for a forecast
DIGITS: Final = 4


@dataclass(frozen=True)
class Expected:
    """A number that is forecast, with the limits within which it lies with 95 %."""

    value: float
    low: float
    high: float

    def of(self, number: float) -> Expected:
        """The same as a share of a number, at most all of it."""
        return Expected(*(min(1.0, end / number) if number else 0.0 for end in (self.value, self.low, self.high)))


@dataclass(frozen=True)
class MonthAhead:
    """The end of a month to come, and what happens in the month.

    Parameters
    ----------
    day : at whose beginning the base is counted.
    base : customers with us then.
    lost, new, back : in the month before it.
    """

    day: int
    base: Expected
    lost: Expected
    new: Expected
    back: Expected

    def row(self) -> dict[str, Any]:
        """A row of the table."""
        row: dict[str, Any] = {"day": date_of(self.day)}
        for name in ("base", "lost", "new", "back"):
            number = getattr(self, name)
            row |= {name: number.value, f"{name}_low": number.low, f"{name}_high": number.high}
        return row


@dataclass(frozen=True)
class Past:
    """How forecasts so many months ahead did, each made from what was known on its day.

    Parameters
    ----------
    months_ahead : how far.
    forecasts : how many were made: those from a year of history or more, where there are enough.
    inside : share of them in whose limits it came, as the limits were then.
    error : mean distance of the base from what was said by the rule that served then, as a share of what came.
    medians, means : of it by rule, whichever served; None for one that had too little to go on.
    """

    months_ahead: int
    forecasts: int
    inside: float
    error: float
    medians: dict[str, float | None]
    means: dict[str, float | None]

    @classmethod
    def of(cls, trial: Trial, ahead: int, said: list[tuple[str, tuple[float, float]]]) -> Past | None:
        """What the trials so far ahead tell, None without one.

        Parameters
        ----------
        said : of every origin, the rule that served and its limits of the base so far ahead.
        """
        judged = trial.judged(-1, ahead).tolist()
        if not judged:
            return None
        came = trial.came[:, ahead - 1, 0]
        off = {rule: trial.off(rule)[:, ahead - 1] for rule in RULES}
        inside = [said[place][1][0] <= came[place] <= said[place][1][1] for place in judged]
        served = float(np.mean([off[said[place][0]][place] for place in judged]))
        medians, means = (
            {rule: None if np.isnan(each[judged]).any() else float(mean(each[judged])) for rule, each in off.items()}
            for mean in (np.median, np.mean)
        )
        return cls(ahead, len(judged), float(np.mean(inside)), served, medians, means)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        numbers = {"inside": round(self.inside, DIGITS), "error": round(self.error, DIGITS)}
        by_rule = {
            name: {rule: None if error is None else round(error, DIGITS) for rule, error in errors.items()}
            for name, errors in (("medians", self.medians), ("means", self.means))
        }
        return {"months_ahead": self.months_ahead, "forecasts": self.forecasts, **numbers, **by_rule}


@dataclass(frozen=True, eq=False)
class BaseForecast:
    """The base as it was, as it will be, and how such forecasts did.

    Parameters
    ----------
    day : from which on it is forecast.
    days, bases : of the months before: customers with us, shape (n_months + 1,), `day` last.
    rule : one of `RULES`.
    judged_ahead : how many months ahead it was told from the others; 0 where the history is too short for that.
    months : to come.
    attrition : share of the base lost a month in these months.
    past : by how far ahead; empty where the history is too short for it.
    recent : how many months the rates are of.
    """

    day: int
    days: NDArray[np.int32]
    bases: Integers
    rule: str
    judged_ahead: int
    months: tuple[MonthAhead, ...]
    attrition: Expected
    past: tuple[Past, ...]
    recent: int

    def a_month(self, what: str) -> float:
        """The mean number of lost, new or back in the months to come."""
        return float(np.mean([getattr(month, what).value for month in self.months]))

    @property
    def verdict(self) -> str:
        """Which rule serves, why, and how far to trust it."""
        serves = f'The rule "{self.rule}" serves'
        if not self.judged_ahead:
            return f"{serves}: the history is too short to try it and simpler ones on what came."
        past = self.past[self.judged_ahead - 1]
        ahead = f"{past.months_ahead} months" if past.months_ahead > 1 else "a month"
        medians, means = (
            {rule: error for rule, error in errors.items() if error is not None} for errors in (past.medians, past.means)
        )
        best, nearest = (min((r for r in each if r != self.rule), key=each.__getitem__) for each in (medians, means))
        told = (
            f"{serves}: of {past.forecasts} forecasts {ahead} ahead half were at most {medians[self.rule]:.1%} off by it, and "
            f'at most {medians[best]:.1%} by the nearest of the others ("{best}").'
        )
        if medians[best] < medians[self.rule]:
            return f"{told} These are too few or too uneven to prefer it."
        if means[nearest] < means[self.rule]:
            return f'{told} By the mean "{nearest}" was nearer, {means[nearest]:.1%} against {means[self.rule]:.1%}.'
        return told

    def rows(self) -> list[dict[str, Any]]:
        """The base as it was at the end of every month, and as it will be."""
        before = [
            {"day": date_of(day), "kind": "seen", "base": int(base)} for day, base in zip(self.days, self.bases, strict=True)
        ]
        return before + [{**month.row(), "kind": "forecast"} for month in self.months]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        seen = zip(self.days, self.bases, strict=True)
        return {
            "day": date_of(self.day).isoformat(),
            "base": int(self.bases[-1]),
            "rule": self.rule,
            "recent_months": self.recent,
            "attrition_a_month": {name: round(end, 6) for name, end in vars(self.attrition).items()},
            "seen": [{"day": date_of(day).isoformat(), "base": int(base)} for day, base in seen],
            "months": [_rounded({**month.row(), "day": date_of(month.day).isoformat()}) for month in self.months],
            "past": [past.to_json() for past in self.past],
            "verdict": self.verdict,
        }


def forecast(moves: Moves, *, months: int = 6, recent_months: int = 12, settled: int | None = None) -> BaseForecast:
    """Forecast how many customers will be with us.

    Parameters
    ----------
    months : how many months ahead.
    recent_months : how many of the last months are taken for those to come; all, where there are fewer.
    settled : the day from which on months tell what comes in others; rules are tried on later ones only. Default: the first.

    Raises
    ------
    InputError : when fewer than four months of history are there.

    Notes
    -----
    When an active customer lapses who does nothing more is known beforehand (`Moves`). So the rule of the days left follows
    customers month by month by the months they have left and by habit, at the rates at which such customers renewed lately.
    It and three simple rules are tried on every earlier month, from what was known then; it serves unless another one was
    clearly nearer (`Trial.serving`), and the limits are those of the errors there were (`Trial.limits`).

    References
    ----------
    Tashman, L. J. (2000). Out-of-sample tests of forecasting accuracy: an analysis and review. International Journal of
    Forecasting 16(4), 437-450: rolling origins.
    """
    known = moves.since_known
    n = len(known.counts)
    if n < LEAST_MONTHS:
        raise InputError(
            f"A forecast takes {LEAST_MONTHS} months of history, and there are {max(0, n)}.",
            "Give files that reach further back.",
        )
    first = 0 if settled is None else int(np.searchsorted(known.days, settled))
    trial = Trial.of(known, first, months, recent_months)
    served = [trial.serving(place) for place in range(len(trial.origins))]
    limits = [trial.limits(rule, place) for place, (rule, _) in enumerate(served)]
    (rule, judged_ahead), (low, high) = served[-1], limits[-1]
    day, said = int(known.days[-1]), trial.said[rule][-1]
    numbers = [
        [Expected(*(float(end[row, column]) for end in (said, low, high))) for column in range(5)] for row in range(months)
    ]
    ahead = tuple(MonthAhead(shifted(day, row + 1), *numbers[row][:4]) for row in range(months))
    begins = float(known.bases[-1] + said[:-1, 0].sum())
    past = (
        Past.of(
            trial,
            step,
            [(name, (ends[0][step - 1, 0], ends[1][step - 1, 0])) for (name, _), ends in zip(served, limits, strict=True)],
        )
        for step in range(1, months + 1)
    )
    return BaseForecast(
        day,
        known.days,
        known.bases,
        rule,
        judged_ahead,
        ahead,
        numbers[-1][4].of(begins),
        tuple(each for each in past if each is not None),
        min(recent_months, n),
    )


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(cell, DIGITS) if isinstance(cell, float) else cell for name, cell in row.items()}
