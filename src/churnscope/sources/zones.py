"""Clock changes as tables: what a wall time or an instant of some day has to be moved by.

An engine's own time zone functions answer a repeated hour with its second occurrence and differ between engines. One row per
day says the same everywhere: add `before` to a time below `switch`, `after` to any other.

A wall time in a repeated hour is its first occurrence, one in a skipped hour moves forward by what was skipped
(PEP 495, fold = 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from churnscope.timeline import day_number

DAY_US = 86_400_000_000
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
MINUTES = 24 * 60
_DAY_S = 86_400
# No zone has changed its clock back within three days.
_STEP_DAYS = 3
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"})
FIRST_DAY, LAST_DAY = day_number(date(1900, 1, 1)), day_number(date(2199, 12, 31))
REGULAR, REPEATED, SKIPPED = 0, 1, 2


@dataclass(frozen=True)
class Switches:
    """The clock changes of a zone, rising: at the instant `at[i]` the offset from UTC becomes `offset[i + 1]`.

    Parameters
    ----------
    at : UTC seconds since 1970-01-01.
    offset : seconds east of UTC; one more than `at`.
    """

    at: tuple[int, ...]
    offset: tuple[int, ...]


@dataclass(frozen=True)
class ZoneDays:
    """One row per day from 1900 to 2199; all times in microseconds.

    Parameters
    ----------
    day : int32, the day (of the wall, or of UTC) as a day number.
    before, after : int64, what is added to a time before the switch, and from it on.
    switch : int64, the first time that `after` is added to.
    odd_from, odd_until : int64, the times in `[odd_from, odd_until)` are repeated or skipped.
    odd : int8, REPEATED, SKIPPED or REGULAR.
    """

    day: NDArray[np.int32]
    before: NDArray[np.int64]
    switch: NDArray[np.int64]
    after: NDArray[np.int64]
    odd_from: NDArray[np.int64]
    odd_until: NDArray[np.int64]
    odd: NDArray[np.int8]


@lru_cache(maxsize=8)
def switches(zone: str) -> Switches:
    """The clock changes of a zone between 1900 and 2199, of a zone name that `zoneinfo` knows."""
    clock = ZoneInfo(zone)
    marks = range(FIRST_DAY * _DAY_S, (LAST_DAY + _STEP_DAYS + 1) * _DAY_S, _STEP_DAYS * _DAY_S)
    offsets = [_offset(clock, second) for second in marks]
    changed = [i for i in range(1, len(offsets)) if offsets[i] != offsets[i - 1]]
    at = tuple(_switch_between(clock, marks[i - 1], marks[i]) for i in changed)
    return Switches(at, (offsets[0], *(offsets[i] for i in changed)))


def is_utc(zone: str) -> bool:
    """Whether a zone is plainly UTC, so that nothing has to be moved."""
    return zone in _UTC_NAMES


@lru_cache(maxsize=2)
def days_of_walls(zone: str) -> ZoneDays:
    """From wall time in a zone to UTC."""
    found = switches(zone)
    # Up to the later reading of the two clocks the earlier offset holds: the first of two, or forward out of a gap.
    walls = [at + max(pair) for at, pair in zip(found.at, _pairs(found), strict=True)]
    return _table(walls, [-offset for offset in found.offset])


@lru_cache(maxsize=2)
def days_of_instants(zone: str) -> ZoneDays:
    """From UTC to wall time in a zone; its odd stretches mean nothing."""
    found = switches(zone)
    return _table(list(found.at), list(found.offset))


def minutes_of_day(instants: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Minutes since midnight on the wall clock of a zone, 0 to 1439.

    Parameters
    ----------
    instants : UTC microseconds, shape (n,).

    Examples
    --------
    >>> minutes_of_day(np.array([0, 90 * 60_000_000]), "Asia/Kathmandu").tolist()  # 5:30 east of UTC in 1970
    [330, 420]
    """
    walls = instants
    if not is_utc(zone):
        found = switches(zone)
        at, offset = (np.array(seconds, np.int64) * SECOND_US for seconds in (found.at, found.offset))
        walls = instants + offset[np.searchsorted(at, instants, side="right")]
    return walls // MINUTE_US % MINUTES


def _offset(clock: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, clock).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _switch_between(clock: ZoneInfo, low: int, high: int) -> int:
    """The first second at which the offset is that of `high`."""
    new = _offset(clock, high)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(clock, middle) == new else (middle, high)
    return high


def _pairs(found: Switches) -> list[tuple[int, int]]:
    return list(zip(found.offset, found.offset[1:], strict=False))


def _table(times: list[int], moves: list[int]) -> ZoneDays:
    """Rows for switches at `times` (seconds, in the clock that is read), between moves by `moves` seconds."""
    day = np.arange(FIRST_DAY, LAST_DAY + 1, dtype=np.int32)
    start = day.astype(np.int64) * DAY_US
    at, move = np.array(times, np.int64) * SECOND_US, np.array(moves, np.int64) * SECOND_US
    first = np.searchsorted(at, start, side="right")
    # The switch after the day's start; where it lies beyond the day it changes nothing on it.
    switch = np.append(at, np.iinfo(np.int64).max)[first]
    return ZoneDays(day, move[first], switch, move[np.minimum(first + 1, len(at))], *_odd(start, at, move))


def _odd(
    start: NDArray[np.int64], at: NDArray[np.int64], move: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]:
    """The odd stretch that ends with a switch, on every day that it touches."""
    step = np.diff(move)
    ends = np.append(at, np.iinfo(np.int64).max)
    lengths = np.append(np.abs(step), 0)
    kinds = np.append(np.where(step > 0, REPEATED, SKIPPED), REGULAR).astype(np.int8)
    nearest = np.searchsorted(ends, start, side="right").clip(max=len(at))
    return ends[nearest] - lengths[nearest], ends[nearest], kinds[nearest]
