"""Days, cutoffs and the half-open intervals around them.

A day is an integer: days since 1970-01-01 in the declared time zone. A cutoff is the first instant of its day, so an event is
seen at cutoff c when its day is below c. Nothing here knows a time zone or reads a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from churnscope.errors import ConfigError, InputError

EPOCH = date(1970, 1, 1)
NO_DATE = "The file has no date: customers were divided, not time. This cannot show that the model holds later."
CUSTOMER_PARTS = 5  # of the customers, where no date divides them
_BEFORE_ANY_DAY = -(1 << 24)  # no calendar goes back as far: from here on stand parts of customers, not days
_PART = "part "
FEWEST_TO_CALIBRATE = 3  # cutoffs to fit on; with fewer, a later slice serves better for learning than for calibration


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`.

    Examples
    --------
    >>> day_number(date(1970, 1, 2))
    1
    """
    return (day - EPOCH).days


def date_of(day: int) -> date:
    """The calendar date of a day number.

    Examples
    --------
    >>> date_of(1).isoformat()
    '1970-01-02'
    """
    return EPOCH + timedelta(days=int(day))


def part_number(place: int) -> int:
    """What stands for a cutoff where rows have no date: one of the parts of the customers, from 1 on.

    Examples
    --------
    >>> cutoff_name(part_number(3)), cutoff_name(1)
    ('part 3', '1970-01-02')
    """
    return _BEFORE_ANY_DAY + place


def is_part(cutoff: int) -> bool:
    """Whether a cutoff is a part of the customers and no day."""
    return cutoff <= part_number(CUSTOMER_PARTS)


def cutoff_name(cutoff: int) -> str:
    """A cutoff as files and the command line name it: 2024-02-28, or part 3."""
    return f"{_PART}{cutoff - _BEFORE_ANY_DAY}" if is_part(cutoff) else date_of(cutoff).isoformat()


def cutoff_named(name: str) -> int:
    """The cutoff of a name.

    Examples
    --------
    >>> cutoff_named("part 3") == part_number(3), cutoff_named("1970-01-02")
    (True, 1)
    """
    return part_number(int(name.removeprefix(_PART))) if name.startswith(_PART) else day_number(date.fromisoformat(name))


@dataclass(frozen=True)
class Timing:
    """What is predicted: what happens in `[cutoff + gap, cutoff + gap + horizon)`.

    Parameters
    ----------
    horizon_days : length of the outcome window, at least 1.
    gap_days : time to act between the cutoff and the outcome window, at least 0.
    delay_days : days after the outcome until its rows can be trusted to have arrived.
    grace_days : days after the outcome window in which a renewal can still undo an end.
    renewals : the outcome is known at the agreed end of so many terms, if that lies in the window; None: at its end.
    """

    horizon_days: int
    gap_days: int = 0
    delay_days: int = 0
    grace_days: int = 0
    renewals: int | None = None

    def __post_init__(self) -> None:
        if self.horizon_days < 1 or min(self.gap_days, self.delay_days, self.grace_days) < 0:
            others = f"gap_days = {self.gap_days}, delay_days = {self.delay_days}, grace_days = {self.grace_days}"
            raise ConfigError(
                f"horizon_days = {self.horizon_days}, {others}: impossible.",
                "The horizon has at least one day; gap, delay and grace are 0 or more.",
            )

    def outcome_end(self, cutoff: int) -> int:
        """The first day after all that the outcome depends on: its window, and the days of grace after it."""
        return cutoff + self.gap_days + self.horizon_days + self.grace_days

    def is_complete(self, cutoff: int, as_of: int) -> bool:
        """Whether the whole outcome, and its delay, lies before day `as_of`."""
        return self.outcome_end(cutoff) + self.delay_days <= as_of


@dataclass(frozen=True)
class Split:
    """Cutoffs by use. Outcome windows of one group end before the first cutoff of the next: fit, stop, calibrate, test.

    Parameters
    ----------
    fit : learned from.
    stop : tells how long to learn.
    test : judges the model.
    calibrate : corrects the probabilities; empty where there are too few cutoffs.
    between : closed before the test, but not before the group they lie in front of: learned from when the model is refitted.
    late : complete, but open at the test: learned from after the judgement.
    """

    fit: tuple[int, ...]
    stop: tuple[int, ...]
    test: tuple[int, ...]
    calibrate: tuple[int, ...] = ()
    between: tuple[int, ...] = ()
    late: tuple[int, ...] = ()

    @property
    def before_test(self) -> tuple[int, ...]:
        """Every cutoff whose outcome had closed before the test, rising."""
        return tuple(sorted(self.fit + self.stop + self.calibrate + self.between))

    @property
    def all(self) -> tuple[int, ...]:
        """Every cutoff of the split, rising."""
        return tuple(sorted(self.before_test + self.late + self.test))


def plan_cutoffs(first_day: int, as_of: int, timing: Timing, *, most: int, spacing_days: int) -> tuple[int, ...]:
    """Complete cutoffs, newest first placed, `spacing_days` apart, returned rising.

    Parameters
    ----------
    first_day : earliest cutoff with enough history before it.
    as_of : first day that is not read.
    most : how many cutoffs at most.

    Examples
    --------
    >>> plan_cutoffs(100, 200, Timing(30), most=12, spacing_days=10)
    (100, 110, 120, 130, 140, 150, 160, 170)
    """
    newest = as_of - timing.outcome_end(0) - timing.delay_days
    return tuple(sorted(newest - i * spacing_days for i in range(most) if newest - i * spacing_days >= first_day))


def split_by_time(cutoffs: Sequence[int], timing: Timing) -> Split:
    """The newest cutoff is the test, the newest one closed before it calibrates, the newest one before that stops the training.

    All closed before that one are fitted on. Where they would be fewer than three, nothing is kept back to calibrate on.

    Raises
    ------
    InputError : when the cutoffs do not leave at least one each to fit, to stop and to test on.

    Examples
    --------
    >>> split = split_by_time([0, 10, 20, 30, 40, 50, 60], Timing(20))
    >>> split.fit, split.stop, split.calibrate, split.test, split.between, split.late
    ((0, 10, 20), (40,), (), (60,), (30,), (50,))
    >>> split_by_time(range(0, 90, 10), Timing(20)).calibrate
    (60,)
    """
    rising = sorted(set(cutoffs))
    test = rising[-1:]
    calibrate = _closed(rising, test, timing)[-1:]
    stop = _closed(rising, calibrate, timing)[-1:]
    fit = _closed(rising, stop, timing)
    if len(fit) < FEWEST_TO_CALIBRATE:
        calibrate, stop, fit = [], calibrate, _closed(rising, calibrate, timing)
    if fit:
        between = set(_closed(rising, test, timing)).difference(fit, stop, calibrate)
        late = set(rising).difference(fit, stop, calibrate, between, test)
        return Split(*map(tuple, (fit, stop, test, calibrate, sorted(between), sorted(late))))
    raise InputError(
        f"{len(rising)} complete cutoffs do not leave one each to fit, to stop and to test on "
        f"(gap {timing.gap_days} + horizon {timing.horizon_days} days lie between the groups).",
        "Give more history, a shorter [prediction] horizon_days, or a smaller [prediction] history_days.",
    )


def split_around(test: int) -> Split:
    """One part of the customers tests, the next calibrates, the one after it stops, the others are fitted on.

    Parameters
    ----------
    test : the number of a part.

    Examples
    --------
    >>> split = split_around(part_number(5))
    >>> [[cutoff_name(part) for part in group] for group in (split.fit, split.stop, split.calibrate, split.test)]
    [['part 3', 'part 4'], ['part 2'], ['part 1'], ['part 5']]
    """
    place = test - part_number(1)
    calibrate, stop, *fit = (part_number((place + step) % CUSTOMER_PARTS + 1) for step in range(1, CUSTOMER_PARTS))
    return Split(tuple(sorted(fit)), (stop,), (test,), (calibrate,))


def _closed(rising: Sequence[int], group: Sequence[int], timing: Timing) -> list[int]:
    """The cutoffs whose outcome windows end before a group begins; none where the group is empty."""
    return [cutoff for cutoff in rising if group and timing.outcome_end(cutoff) <= group[0]]
