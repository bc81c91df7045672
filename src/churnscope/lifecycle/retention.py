"""How long customers stay, and who stays longer: curves of those still with us, by group, with those whose end is not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.lifecycle.stays import Stays, away, from_day, since_stage, with_us
from churnscope.survival import Integers, SurvivalCurve, Waits, log_rank

Labels = NDArray[np.object_]
"""A word for every customer, None where nothing is known, shape (n_customers,)."""
AGES_DAYS: Final = (30, 60, 90, 180, 365, 730)  # of which the tables speak
LEAST_WATCHED: Final = 20  # customers still watched, below which a curve says nothing of its group
MOST_GROUPS: Final = 8
OTHER: Final = "other"
NOT_KNOWN: Final = "not known"


@dataclass(frozen=True, eq=False)
class Curve:
    """How long one group stays.

    Parameters
    ----------
    group : its name.
    customers : how many were watched.
    over : for how many the end was seen.
    curve : share still there after so many days.
    """

    group: str
    customers: int
    over: int
    curve: SurvivalCurve

    @property
    def longest(self) -> int:
        """The last day on which enough were still watched to speak of them."""
        return self.curve.longest(LEAST_WATCHED)

    @property
    def median_days(self) -> int | None:
        """The day by whose end half are gone; None where half still stay when too few are watched."""
        day = self.curve.first_at_most(0.5)
        return day if day is not None and day <= self.longest else None

    def at(self, day: int) -> tuple[float, float, float]:
        """Share still there after so many days with 95 % limits, NaN where too few were watched for so long."""
        return self.curve.at(day) if day <= self.longest else (np.nan,) * 3

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        shares = {str(age): self.at(age) for age in AGES_DAYS if not np.isnan(self.at(age)[0])}
        return {
            "group": self.group,
            "customers": self.customers,
            "over": self.over,
            "median_days": self.median_days,
            "still_there": {
                age: dict(zip(("value", "low", "high"), (round(part, 6) for part in found), strict=True))
                for age, found in shares.items()
            },
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """The curves of the groups that something divides customers into.

    Parameters
    ----------
    name : what divides them.
    sentence : from when to what they are followed.
    curves : the largest groups, the rest together as the last one.
    p_value : chance of such differences between groups that are alike (log-rank); NaN where nothing is to be compared, or where
        the groups share customers.
    """

    name: str
    sentence: str
    curves: tuple[Curve, ...]
    p_value: float = np.nan

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        p_value = None if np.isnan(self.p_value) else round(self.p_value, 6)
        return {"by": self.name, "sentence": self.sentence, "p_value": p_value, "curves": [c.to_json() for c in self.curves]}


@dataclass(frozen=True, eq=False)
class Retention:
    """All curves.

    Parameters
    ----------
    returned : customers who became inactive and came back at least once.
    unclear : customers with us from the first days of the data on, whose true beginning lies before them.
    comparisons : the first one is of all customers together.
    """

    returned: int
    unclear: int
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        comparisons = [comparison.to_json() for comparison in self.comparisons]
        return {"returned": self.returned, "unclear": self.unclear, "comparisons": comparisons}

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for every group and day on which something happened in it."""
        for comparison in self.comparisons:
            for each in comparison.curves:
                curve = each.curve
                changes = np.flatnonzero(np.r_[True, np.diff(curve.survival) < 0] & (curve.at_risk > 0))
                for day in changes.tolist():
                    share, low, high = curve.at(day)
                    yield {
                        "by": comparison.name,
                        "group": each.group,
                        "days": day,
                        "watched": int(curve.at_risk[day]),
                        "still_there": share,
                        "low": low,
                        "high": high,
                    }


def retention(
    spells: Spells,
    groups: Mapping[str, Labels] | None = None,
    landmarks: Mapping[str, tuple[int, Labels]] | None = None,
    *,
    recent_from: int | None = None,
    unclear_before: int | None = None,
) -> Retention:
    """How long customers stay.

    A customer is followed from the first day with us to the first day of being inactive, so that everybody counts once; the
    second stay of those who came back has a curve of its own.

    Parameters
    ----------
    groups : by name a word for every customer that was true when the customer came and is still.
    landmarks : by name a day, and a word for every customer that was true on it. Customers with us on that day are followed
        from it on, so that nothing that came later tells groups apart.
    recent_from : the curve at the rates since this day is shown too.
    unclear_before : customers who were with us before this day may have come before the data begin; they are counted.
    """
    seen = with_us(spells)
    stays = seen.first()
    return Retention(
        returned=len(seen.later().customer),
        unclear=0 if unclear_before is None else int((stays.entered < unclear_before).sum()),
        comparisons=tuple(
            each
            for each in (
                _all(stays, seen, recent_from),
                _stages(spells),
                *(_groups(name, labels, stays) for name, labels in (groups or {}).items()),
                *(_landmark(name, spells, *told) for name, told in (landmarks or {}).items()),
                _back(spells),
            )
            if each is not None and each.curves
        ),
    )


def _all(stays: Stays, seen: Stays, recent_from: int | None) -> Comparison:
    curves = [_curve("first stay", stays.waits())]
    if recent_from is not None:
        curves.append(_curve("first stay, at the rates of late", stays.waits(watched_from=recent_from)))
    curves.append(_curve("second stay, after coming back", seen.later().waits()))
    return Comparison("stay", "from the day of coming to the day of becoming inactive", tuple(c for c in curves if c.customers))


def _stages(spells: Spells) -> Comparison:
    curves = (_curve(stage, since_stage(spells, code).waits()) for code, stage in enumerate(STAGES))
    shown = tuple(curve for curve in curves if curve.customers)
    return Comparison("stage", "from the day of entering the stage to the day of becoming inactive", shown)


def _groups(name: str, labels: Labels, stays: Stays) -> Comparison | None:
    return _compared(name, "from the day of coming to the day of becoming inactive", labels, stays)


def _landmark(name: str, spells: Spells, day: int, labels: Labels) -> Comparison | None:
    sentence = "customers with us on one day, from that day to the day of becoming inactive"
    return _compared(name, sentence, labels, from_day(spells, day))


def _back(spells: Spells) -> Comparison | None:
    first = away(spells).first()
    if not len(first.customer):
        return None
    curve = _curve("still away", first.waits())
    return Comparison("away", "from the day of becoming inactive to the day of coming back", (curve,))


def _compared(name: str, sentence: str, labels: Labels, stays: Stays) -> Comparison | None:
    """A curve for each of the largest groups; None where there is only one."""
    words = np.array([NOT_KNOWN if word is None else str(word) for word in labels[stays.customer]], object)
    found, codes = np.unique(words, return_inverse=True) if len(words) else (words, np.zeros(0, np.int64))
    if len(found) < 2:
        return None
    order = np.lexsort((np.arange(len(found)), -np.bincount(codes)))
    places: Integers = np.empty(len(found), np.int64)
    places[order] = np.arange(len(found))
    crowded = len(found) > MOST_GROUPS
    places = np.minimum(places, MOST_GROUPS - 1) if crowded else places
    names = [str(found[place]) for place in order[:MOST_GROUPS]]
    names[-1] = OTHER if crowded else names[-1]
    waits = [stays.keep(places[codes] == place).waits() for place in range(len(names))]
    curves = tuple(_curve(group, each) for group, each in zip(names, waits, strict=True))
    return Comparison(name, sentence, curves, log_rank(waits))


def _curve(group: str, waits: Waits) -> Curve:
    watched, over = int((waits.happened + waits.censored).sum()), int(waits.happened.sum())
    return Curve(group, watched, over, waits.curve())
