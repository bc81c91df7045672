"""How many customers will be with us in the next months, at the rates of late, and how such forecasts did on the past."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import InputError
from churnscope.lifecycle.months import months_before, shifted
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.lifecycle.stays import CODES_WITH_US, INACTIVE
from churnscope.survival import Floats, Integers
from churnscope.timeline import date_of

Sides = tuple[float, float]
AGES_DAYS: Final = (30, 60, 90, 120, 150, 180, 270, 365)  # where the age of a spell counts as another one
DRAWS: Final = 2_000
DRAWS_OF_PAST: Final = 500  # for each forecast of the backtest
LEAST_MONTHS: Final = 4  # of history for a forecast
SEED: Final = 20_240_229
LEVEL: Final = (0.025, 0.975)
FEW_ERRORS: Final = 5
DIGITS: Final = 4
AS_NEAR: Final = 1.1  # times the error of a rule: no worse in any way that matters
NO_CHANGE, LAST_RATE = "no change", "last month's rates"
_STAGES: Final = (*CODES_WITH_US.tolist(), INACTIVE)
_AGES: Final = len(AGES_DAYS) + 1
_STATES: Final = 1 + len(_STAGES) * _AGES  # 0: not with us yet
_IS_WITH_US: Final = np.r_[False, np.repeat([stage != INACTIVE for stage in _STAGES], _AGES)]
_IS_AWAY: Final = np.r_[False, ~_IS_WITH_US[1:]]


@dataclass(frozen=True)
class Expected:
    """A number that is forecast, with the limits within which it lies with 95 %."""

    value: float
    low: float
    high: float

    def widened(self, below: float, above: float) -> Expected:
        """The same with limits at least such shares of it away."""
        return Expected(self.value, min(self.low, self.value * (1 - below)), max(self.high, self.value * (1 + above)))


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
            row |= {
                f"{name}{end}": number for end, number in zip(("", "_low", "_high"), _ends(getattr(self, name)), strict=True)
            }
        return row


@dataclass(frozen=True)
class Past:
    """How forecasts so many months ahead did, each made from what was known on its day.

    Parameters
    ----------
    months_ahead : how far.
    forecasts : how many were made.
    inside : share of them in whose limits it came, no nearer than the errors that were known on its day.
    error, error_no_change, error_last_rate : mean distance of what came from what was expected, as a share of what came: by the
        forecast, by the rule that the base stays, and by the rule that every month is as the last one.
    """

    months_ahead: int
    forecasts: int
    inside: float
    error: float
    error_no_change: float
    error_last_rate: float

    def row(self) -> dict[str, Any]:
        """A row of the table."""
        return {
            "months_ahead": self.months_ahead,
            "forecasts": self.forecasts,
            "inside": self.inside,
            "error": self.error,
            "error_no_change": self.error_no_change,
            "error_last_rate": self.error_last_rate,
        }


@dataclass(frozen=True, eq=False)
class BaseForecast:
    """The base as it was, as it will be, and how such forecasts did.

    Parameters
    ----------
    day : from which on it is forecast.
    days, bases : of the months before: customers with us, shape (n_months + 1,), `day` last.
    months : to come.
    attrition : share of the base lost a month in these months.
    past : by how far ahead; empty where the history is too short for it.
    errors : by how far ahead, how far below and above what was expected the base came in the past, as shares of it: the largest
        of such errors, or with 39 or more of them the one that 97.5 % stay within; the limits lie no nearer.
    recent : how many months the rates are of.
    """

    day: int
    days: NDArray[np.int32]
    bases: Integers
    months: tuple[MonthAhead, ...]
    attrition: Expected
    past: tuple[Past, ...]
    errors: tuple[Sides, ...]
    recent: int

    def a_month(self, what: str) -> float:
        """The mean number of lost, new or back in the months to come."""
        return float(np.mean([getattr(month, what).value for month in self.months]))

    @property
    def verdict(self) -> str:
        """How far to trust it."""
        if not self.past:
            return "The history is too short to see how such forecasts did: no limits could be tried on what came."
        last = self.past[-1]
        ahead = f"{last.months_ahead} months" if last.months_ahead > 1 else "a month"
        off = f"Forecasts {ahead} ahead were {last.error:.1%} off in the past"
        rules = {NO_CHANGE: last.error_no_change, LAST_RATE: last.error_last_rate}
        best = min(rules, key=lambda rule: rules[rule])
        if last.error < rules[best]:
            return f'{off}, the better of two simple rules ("{best}") {rules[best]:.1%}.'
        if last.error <= AS_NEAR * rules[best]:
            return f'{off}, as the rule "{best}" was ({rules[best]:.1%}).'
        return (
            f'{off}, and the rule "{best}" only {rules[best]:.1%}: take the forecast for what comes if all goes on as lately, '
            "and no more."
        )

    def rows(self) -> list[dict[str, Any]]:
        """The base as it was at the end of every month, and as it will be."""
        before = [
            {"day": date_of(day), "kind": "seen", "base": int(base)} for day, base in zip(self.days, self.bases, strict=True)
        ]
        return before + [{**month.row(), "kind": "forecast"} for month in self.months]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "day": date_of(self.day).isoformat(),
            "base": int(self.bases[-1]),
            "recent_months": self.recent,
            "attrition_a_month": {name: round(end, 6) for name, end in vars(self.attrition).items()},
            "seen": [
                {"day": date_of(day).isoformat(), "base": int(base)} for day, base in zip(self.days, self.bases, strict=True)
            ],
            "months": [_rounded({**month.row(), "day": date_of(month.day).isoformat()}) for month in self.months],
            "past": [_rounded(past.row()) for past in self.past],
            "errors": [[round(side, 4) for side in sides] for sides in self.errors],
            "verdict": self.verdict,
        }


@dataclass(frozen=True, eq=False)
class _Moves:
    """How many customers moved from state to state, month by month, shape (n_months, n_states, n_states); and who stood where.

    Parameters
    ----------
    stand : customers by state on every day between months, shape (n_months + 1, n_states).
    """

    counts: Integers
    stand: Integers

    def until(self, month: int, recent: int) -> tuple[Integers, Integers]:
        """The moves of the last months before a day, and who stood where on it."""
        return self.counts[max(0, month - recent) : month], self.stand[month]


def forecast(
    spells: Spells, *, months: int = 6, recent_months: int = 12, first_day: int | None = None, seed: int = SEED
) -> BaseForecast:
    """Forecast how many customers will be with us.

    Parameters
    ----------
    months : how many months ahead.
    recent_months : how many of the last months are taken for those to come; all, where there are fewer.
    first_day : what was before it tells nothing of the rates. Default: the first day on which a customer is known.

    Raises
    ------
    InputError : when fewer than four months of history are there.

    Notes
    -----
    Customers move month by month between stages, each told by how long it has lasted. A month to come is one of the last ones,
    drawn at random: its shares of moves, with one customer's weight of those of all months, and its number of newcomers as the
    mean of a Poisson. The months to draw from are themselves drawn anew for every run, as other months might have been had; and
    every customer moves by chance. So the runs hold what is not known of the rates, how months differ, and chance; not that
    the rates change for good, nor the season. What that amounts to, the past shows: from every earlier month it is forecast
    what is known by now, and the limits of the base lie no nearer than these errors.

    References
    ----------
    Lei, J., G'Sell, M., Rinaldo, A., Tibshirani, R. J., Wasserman, L. (2018). Distribution-free predictive inference for
    regression. JASA 113(523), 1094-1111: limits from past errors (split conformal).
    """
    first = int(spells.entered.min(initial=spells.until)) if first_day is None else first_day
    day = spells.until - 1
    days = months_before(first, day)
    if len(days) <= LEAST_MONTHS:
        raise InputError(
            f"A forecast takes {LEAST_MONTHS} months of history, and there are {max(0, len(days) - 1)}.",
            "Give files that reach further back.",
        )
    moves = _moves(spells, days)
    recent = min(recent_months, len(days) - 1)
    rng = np.random.default_rng(seed)
    runs = _simulated(*moves.until(len(days) - 1, recent), months, DRAWS, rng)
    bases = moves.stand[:, _IS_WITH_US].sum(axis=1)
    past = _Past.of(moves, bases, months, recent_months, rng)
    errors = past.errors(len(days) - 1, months)
    ahead = tuple(
        MonthAhead(
            shifted(day, step + 1),
            _expected(runs[0][:, step]).widened(*errors[step]),
            *(_expected(part[:, step]) for part in runs[1:]),
        )
        for step in range(months)
    )
    begin = np.concatenate([np.full((DRAWS, 1), bases[-1]), runs[0][:, :-1]], axis=1)
    rate = _expected(runs[1].sum(axis=1) / np.maximum(begin.sum(axis=1), 1))
    below, above = (error / months for error in errors[-1])  # who was missing in the end was lost on the way
    attrition = Expected(rate.value, max(0.0, min(rate.low, rate.value - above)), min(1.0, max(rate.high, rate.value + below)))
    return BaseForecast(day, days, bases, ahead, attrition, past.judged(months), errors, recent)


def _moves(spells: Spells, days: NDArray[np.int32]) -> _Moves:
    states = [_states(spells, int(day)) for day in days]
    counts = [
        np.bincount(before * _STATES + after, minlength=_STATES**2).reshape(_STATES, _STATES)
        for before, after in pairwise(states)
    ]
    return _Moves(np.stack(counts), np.stack([np.bincount(state, minlength=_STATES) for state in states]))


def _states(spells: Spells, day: int) -> Integers:
    """Stage and age of every customer's spell on a day as one number; 0 for those not with us yet."""
    numbers = np.full(len(STAGES), -1, np.int64)
    numbers[list(_STAGES)] = np.arange(len(_STAGES))
    places = spells.place(day)
    known = np.flatnonzero(places >= 0)
    stage = numbers[spells.stage[places[known]]]
    age = np.searchsorted(AGES_DAYS, day - spells.entered[places[known]], side="right")
    states = np.zeros(spells.n_customers, np.int64)
    states[known] = np.where(stage >= 0, 1 + stage * _AGES + age, 0)
    return states


def _shares(counts: Integers) -> Floats:
    """Shares of moves in every month, shape (n_months, n_states, n_states).

    A state from which nobody moved in all these months is left as the next younger one of its stage is; without one, never.
    """
    pooled = counts.sum(axis=0).astype(np.float64)
    for state in np.flatnonzero(pooled.sum(axis=1) == 0):
        younger = state > 0 and (state - 1) % _AGES > 0
        pooled[state] = pooled[state - 1] if younger else np.eye(_STATES)[state]
    pooled /= pooled.sum(axis=1, keepdims=True)
    return np.asarray((counts + pooled) / (counts.sum(axis=2, keepdims=True) + 1), np.float64)


def _simulated(
    counts: Integers, stand: Integers, months: int, draws: int, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers, Integers]:
    """Base, lost, new and back of every run and month to come, shape (draws, months) each."""
    shares, arrivals = _shares(counts), counts[:, 0, :].astype(np.float64)
    arrivals[:, 0] = 0
    pools = rng.integers(len(counts), size=(draws, len(counts)))
    now = np.tile(np.r_[0, stand[1:]], (draws, 1))
    parts = [np.empty((draws, months), np.int64) for _ in range(4)]
    for month in range(months):
        drawn = pools[np.arange(draws), rng.integers(len(counts), size=draws)]
        came = rng.poisson(arrivals[drawn])
        after = came.copy()
        lost, back = np.zeros(draws, np.int64), np.zeros(draws, np.int64)
        for state in np.flatnonzero(now.any(axis=0)):
            moved = rng.multinomial(now[:, state], shares[drawn, state])
            after += moved
            if _IS_WITH_US[state]:
                lost += moved[:, _IS_AWAY].sum(axis=1)
            else:
                back += moved[:, _IS_WITH_US].sum(axis=1)
        now = after
        for part, number in zip(
            parts, (now[:, _IS_WITH_US].sum(axis=1), lost, came[:, _IS_WITH_US].sum(axis=1), back), strict=True
        ):
            part[:, month] = number
    return parts[0], parts[1], parts[2], parts[3]


@dataclass(frozen=True, eq=False)
class _Past:
    """How forecasts from every earlier month did, a row for each and month ahead.

    Parameters
    ----------
    start, ahead : the month from which it was forecast, and how far.
    missed : how far below and above the mean it came, as shares of the mean, shape (n, 2); below 0 on the other side.
    inside : whether it came inside the limits, by the errors that were known then.
    off : distance of what came from the three expectations, shape (n, 3).
    """

    start: Integers
    ahead: Integers
    missed: Floats
    inside: NDArray[np.bool_]
    off: Floats

    @classmethod
    def of(cls, moves: _Moves, bases: Integers, months: int, recent_months: int, rng: np.random.Generator) -> _Past:
        """Forecast from every earlier month, and see what came."""
        none = np.zeros(0, np.int64)
        found = cls(none, none, np.zeros((0, 2)), np.zeros(0, bool), np.zeros((0, 3)))
        last = len(bases) - 1
        for start in range(LEAST_MONTHS, last):
            steps = min(months, last - start)
            counts, stand = moves.until(start, recent_months)
            runs = _simulated(counts, stand, steps, DRAWS_OF_PAST, rng)[0]
            came, before = bases[start + 1 : start + steps + 1], bases[start]
            expected = [_expected(runs[:, step]) for step in range(steps)]
            mean = np.array([each.value for each in expected])
            limits = [each.widened(*sides) for each, sides in zip(expected, found.errors(start, steps), strict=True)]
            rules = (mean, np.full(steps, before), _last_rate(counts[-1], int(before), steps))
            found = cls(
                np.r_[found.start, np.full(steps, start)],
                np.r_[found.ahead, np.arange(1, steps + 1)],
                np.concatenate([found.missed, np.stack([mean - came, came - mean], axis=1) / np.maximum(mean, 1)[:, None]]),
                np.r_[found.inside, [each.low <= base <= each.high for each, base in zip(limits, came, strict=True)]],
                np.concatenate([found.off, np.stack([np.abs(each - came) / np.maximum(came, 1) for each in rules], axis=1)]),
            )
        return found

    def errors(self, day: int, months: int) -> tuple[Sides, ...]:
        """How far below and above limits have to lie for 95 % of the errors that are known on a day, by month ahead.

        No nearer than a month less ahead; and where few errors are known so far ahead, as if they grew with every month alike.
        """
        sides, so_far = [], np.zeros(2)
        for ahead in range(1, months + 1):
            known = np.sort(self.missed[(self.ahead == ahead) & (self.start + ahead <= day)], axis=0)
            if ahead > 1 and len(known) < FEW_ERRORS:
                so_far = so_far * ahead / (ahead - 1)
            if len(known):
                place = min(int(np.ceil(LEVEL[1] * (len(known) + 1))), len(known))
                so_far = np.maximum(so_far, known[place - 1])
            sides.append((float(so_far[0]), float(so_far[1])))
        return tuple(sides)

    def judged(self, months: int) -> tuple[Past, ...]:
        """By how far ahead."""
        groups = ((ahead, self.ahead == ahead) for ahead in range(1, months + 1))
        return tuple(
            Past(ahead, int(of.sum()), float(self.inside[of].mean()), *(float(column) for column in self.off[of].mean(axis=0)))
            for ahead, of in groups
            if of.any()
        )


def _last_rate(counts: Integers, base: int, steps: int) -> Floats:
    """The base when every month loses the share of the last one, and as many come as then."""
    begin = counts[_IS_WITH_US].sum()
    lost = counts[_IS_WITH_US][:, ~_IS_WITH_US].sum()
    came = counts[~_IS_WITH_US][:, _IS_WITH_US].sum()
    kept = 1 - lost / begin if begin else 1.0
    expected, now = np.empty(steps), float(base)
    for step in range(steps):
        now = now * kept + came
        expected[step] = now
    return expected


def _expected(runs: Integers | Floats) -> Expected:
    low, high = np.quantile(runs, LEVEL)
    return Expected(float(runs.mean()), float(low), float(high))


def _ends(number: Expected) -> tuple[float, float, float]:
    return number.value, number.low, number.high


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(cell, DIGITS) if isinstance(cell, float) else cell for name, cell in row.items()}
