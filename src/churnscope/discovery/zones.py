"""The time zone whose days count, as far as the data say anything about it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence

from churnscope.discovery.dates import Times
from churnscope.discovery.guesses import ANSWERED, Ask, Guess, Question

_UTC = "UTC"
# Pairs of offsets, of winter and summer, that one zone has; a city stands for many.
_SEASONS = {
    frozenset({"+00:00", "+01:00"}): "Europe/London",
    frozenset({"+01:00", "+02:00"}): "Europe/Berlin",
    frozenset({"+02:00", "+03:00"}): "Europe/Athens",
    frozenset({"-05:00", "-04:00"}): "America/New_York",
    frozenset({"-06:00", "-05:00"}): "America/Chicago",
    frozenset({"-07:00", "-06:00"}): "America/Denver",
    frozenset({"-08:00", "-07:00"}): "America/Los_Angeles",
    frozenset({"+10:00", "+11:00"}): "Australia/Sydney",
}


def guess_zone(times: Sequence[Times], ask: Ask) -> Guess:
    """The time zone, asked for where somebody can answer."""
    guess = _from_offsets(times)
    answer = ask(Question("time_zone", f"Time zone whose days count ({guess.evidence})", guess.value))
    while answer is not None and answer not in zoneinfo.available_timezones():
        question = f"There is no time zone {answer}; a name such as Europe/London or UTC"
        answer = ask(Question("time_zone", question, guess.value))
    return guess if answer is None else Guess("time_zone", answer, ANSWERED)


def _from_offsets(times: Sequence[Times]) -> Guess:
    offsets = frozenset(offset for one in times for offset in one.offsets)
    if offsets - {"+00:00"}:
        if offsets in _SEASONS:
            evidence = f"times carry {' and '.join(sorted(offsets))}, which is one zone of several"
            return Guess("time_zone", _SEASONS[offsets], evidence, check=True)
        (first, *more) = sorted(offsets)
        if not more and first.endswith(":00"):
            name = f"Etc/GMT{'-' if first[0] == '+' else '+'}{int(first[1:3])}"
            return Guess("time_zone", name, f"every time carries {first}; a city's zone knows summer time", check=True)
        return Guess("time_zone", _UTC, f"times carry {len(offsets)} different offsets", check=True)
    if offsets or any(one.is_epoch for one in times):
        what = "times are in UTC" if offsets else "numbers since 1970 count in UTC"
        return Guess("time_zone", _UTC, f"{what}: write the zone of the business, whose days count", check=True)
    return Guess("time_zone", _UTC, "times carry no offset: they are taken as they stand")
