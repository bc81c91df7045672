"""How long customers stay, and who stays longer: curves of those still with us, by group, with those whose end is not seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churnscope.lifecycle.groups import NOT_TOLD, OTHER, Group
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.lifecycle.stays import Stays, away, from_day, since_stage, with_us
from churnscope.survival import SurvivalCurve, Waits, log_rank
from churnscope.timeline import date_of

AGES_DAYS: Final = (30, 60, 90, 180, 365, 730)  # of which the tables speak
LEAST_WATCHED: Final = 20  # customers still watched, below which a curve says nothing of its group
TINY: Final = 1e-12
MOST_STEPS: Final = 120  # of a curve that is drawn
MOST_GROUPS: Final = 6
NOT_KNOWN: Final = "not known"
SINCE_COMING: Final = "from the day of coming to the day of becoming inactive"


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
        """The last day up to which there were always enough watched to speak of them; -1 where there never were."""
        too_few = np.flatnonzero(self.curve.at_risk < LEAST_WATCHED)
        return int(too_few[0]) - 1 if len(too_few) else len(self.curve.at_risk) - 1

    @property
    def median_days(self) -> int | None:
        """The day by whose end half are gone; None where half still stay when too few are watched."""
        return self.curve.median(LEAST_WATCHED)[0]

    def at(self, day: int) -> tuple[float, float, float]:
        """Share still there after so many days with 95 % limits, NaN where too few were watched for so long."""
        return self.curve.at(day) if day <= self.longest else (np.nan,) * 3

    def steps(self) -> list[tuple[int, float, float, float]]:
        """Day, share and limits at some days that show the course of the curve, as far as it speaks."""
        if self.longest < 0:
            return []
        days = np.unique(np.linspace(0, self.longest, MOST_STEPS).astype(int)).tolist()
        return [(day, *(round(part, 4) for part in self.curve.at(day))) for day in days]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        shares = {str(age): self.at(age) for age in AGES_DAYS if not np.isnan(self.at(age)[0])}
        return {
            "group": self.group,
            "customers": self.customers,
            "over": self.over,
            "median_days": self.median_days,
            "earliest_day": self.curve.first_at_most(1 - TINY),
            "steps": self.steps(),
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
    comparisons : the first one is of all customers together.
    """

    returned: int
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        comparisons = [comparison.to_json() for comparison in self.comparisons]
        return {"returned": self.returned, "comparisons": comparisons}

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
    groups: Iterable[Group] = (),
    landmarks: Iterable[Group] = (),
    *,
    landmark: int | None = None,
    recent_from: int | None = None,
    watched_from: int | None = None,
) -> Retention:
    """How long customers stay.

    A customer is followed from the first day with us to the first day of being inactive, so that everybody counts once; the
    second stay of those who came back has a curve of its own.

    Parameters
    ----------
    groups : what was true when a customer came and is still.
    landmarks : what was true on the day `landmark`. Customers with us on it are followed from it on, so that nothing that came
        later tells groups apart: who is called loyal today has stayed.
    recent_from : the curve at the rates since this day is shown too.
    watched_from : from which day on it is known who left (`Watch`); who came before it counts from the age on that day on.
    """
    seen = with_us(spells)
    stays = seen.first()
    return Retention(
        returned=len(seen.later().customer),
        comparisons=tuple(
            each
            for each in (
                _all(stays, seen, recent_from, watched_from),
                _stages(spells, watched_from),
                *(_compared(group, SINCE_COMING, stays, watched_from) for group in groups),
                *(() if landmark is None else _since(landmark, spells, landmarks)),
                _back(spells),
            )
            if each is not None and each.curves
        ),
    )


def _all(stays: Stays, seen: Stays, recent_from: int | None, watched_from: int | None) -> Comparison:
    curves = [_curve("first stay", stays.waits(watched_from=watched_from))]
    if recent_from is not None and (watched_from is None or watched_from < recent_from):
        late = _curve("first stay, at recent rates", stays.waits(watched_from=recent_from))
        curves += [late] if late.longest > 0 else []  # where nobody came lately there is no such curve
    curves.append(_curve("second stay, after coming back", seen.later().waits(watched_from=watched_from)))
    return Comparison("stay", SINCE_COMING, tuple(c for c in curves if c.customers))


def _stages(spells: Spells, watched_from: int | None) -> Comparison:
    stages = ((stage, since_stage(spells, code)) for code, stage in enumerate(STAGES))
    curves = (_curve(stage, stays.waits(watched_from=watched_from)) for stage, stays in stages)
    shown = tuple(curve for curve in curves if curve.customers)
    return Comparison("stage", "from the day of entering the stage to the day of becoming inactive", shown)


def _since(day: int, spells: Spells, groups: Iterable[Group]) -> Iterator[Comparison | None]:
    stays = from_day(spells, day)
    sentence = f"customers with us on {date_of(day)}, from that day to the day of becoming inactive"
    return (_compared(group, sentence, stays, None) for group in groups)


def _back(spells: Spells) -> Comparison | None:
    first = away(spells).first()
    if not len(first.customer):
        return None
    curve = _curve("still away", first.waits())
    return Comparison("away", "from the day of becoming inactive to the day of coming back", (curve,))


def _compared(group: Group, sentence: str, stays: Stays, watched_from: int | None) -> Comparison | None:
    """A curve for each of the largest values, one for all others, one where it is not told; None where there is only one."""
    codes = group.code[stays.customer].astype(np.int64)
    if group.labels and group.labels[-1] == OTHER:
        codes[codes == len(group.labels) - 1] = len(group.labels)
    sizes = np.bincount(codes[codes != NOT_TOLD], minlength=len(group.labels) + 1)[: len(group.labels)]
    largest = np.lexsort((np.arange(len(sizes)), -sizes))[:MOST_GROUPS]
    members = {group.labels[code]: codes == code for code in largest if sizes[code]}
    rest = (codes != NOT_TOLD) & ~np.isin(codes, largest)
    members |= {name: which for name, which in ((OTHER, rest), (NOT_KNOWN, codes == NOT_TOLD)) if which.any()}
    if len(members) < 2:
        return None
    waits = [stays.keep(which).waits(watched_from=watched_from) for which in members.values()]
    curves = tuple(_curve(name, each) for name, each in zip(members, waits, strict=True))
    return Comparison(group.name, sentence, curves, log_rank(waits))


def _curve(group: str, waits: Waits) -> Curve:
    watched, over = int((waits.happened + waits.censored).sum()), int(waits.happened.sum())
    return Curve(group, watched, over, waits.curve())
