"""What the days of a file of contracts mean: agreed or real ends, last days or the first after them, and how long a term is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from churnscope.discovery.guesses import percent
from churnscope.discovery.kinds import moments_of
from churnscope.discovery.profiles import Profile
from churnscope.discovery.vocabulary import NOT_TERM_WORDS, TERM_MONTHS, TERM_WORDS
from churnscope.discovery.words import words_of

_SHORTEST = timedelta(days=1)  # what ends within hours is a session or a call
_FEW_EMPTY = 0.01
_REGULAR, _LENGTHS = 0.9, 6  # agreed terms have few lengths: months have four, years two
_FEWEST_MET = 20
_NO_LETTERS = re.compile(r"[\W_]")


@dataclass(frozen=True)
class Ends:
    """The ends of terms, looked at.

    Parameters
    ----------
    part : `end` where they are agreed on, `ended` where a contract runs until it is over.
    evidence : why.
    check : whether something speaks against it.
    """

    part: str
    evidence: str
    check: bool = False


def are_terms(parts: Mapping[str, Profile]) -> bool:
    """Whether rows start and end, days apart."""
    lengths = sorted(end - start for _, start, end in terms_of(parts) if end)
    return bool(lengths) and lengths[len(lengths) // 2] >= _SHORTEST


def with_real_ends(parts: Mapping[str, Profile], today: date) -> tuple[dict[str, Profile], Ends | None]:
    """The same parts, where the only end there is plays the part that its values speak for; and what was seen of it."""
    found = dict(parts)
    if "end" in found:
        ends = _look_at(found["end"], today, is_regular=_is_regular(parts))
        if ends.part == "ended" and "ended" not in found:
            found["ended"] = found.pop("end")
        return found, ends
    is_notice = "ended" not in found and "cancelled" in found
    if is_notice:
        found["ended"] = found.pop("cancelled")
    if "ended" not in found:
        return found, None
    why = "no other column tells when a contract is over" if is_notice else "taken as when a contract was really over"
    return found, Ends("ended", f"{_empty(found['ended'])}; {why}", check=is_notice)


def _look_at(profile: Profile, today: date, *, is_regular: bool) -> Ends:
    """Whether the ends are those agreed on, told with the row, or those that came."""
    total, present = len(profile.column.values), len(profile.present)
    if total - present <= _FEW_EMPTY * total:
        return Ends("end", f"{percent(present, total)} sampled rows have one: taken as agreed with the row")
    if any(moment.date() > today for moment in moments_of(profile).values() if moment):
        return Ends("end", f"some lie ahead, so they are agreed; {_empty(profile)}: open-ended", check=True)
    if is_regular:
        return Ends("end", f"terms have few lengths, so they are agreed; {_empty(profile)}: open-ended", check=True)
    return Ends("ended", f"{_empty(profile)} and no other lies ahead: taken as when it really ended, not as agreed")


def _empty(profile: Profile) -> str:
    total = len(profile.column.values)
    return f"{percent(total - len(profile.present), total)} sampled rows have none"


def _is_regular(parts: Mapping[str, Profile]) -> bool:
    lengths = Counter((end - start).days for _, start, end in terms_of(parts) if end)
    usual = sum(times for _, times in lengths.most_common(_LENGTHS))
    return len(lengths) > 0 and usual >= _REGULAR * lengths.total()


def terms_of(parts: Mapping[str, Profile]) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Customer, start and end of each sampled row that has a start; the end is None where it is open."""
    ends = [parts[name] for name in ("ended", "end") if name in parts]
    if "time" not in parts or not ends:
        return
    read = [moments_of(profile) for profile in (parts["time"], *ends)]
    columns = [profile.column.values for profile in (parts["customer"], parts["time"], *ends)]
    for customer, begun, *over in zip(*columns, strict=True):
        start = read[0].get(begun)
        known = [moment for moments, text in zip(read[1:], over, strict=True) if (moment := moments.get(text))]
        if customer and start:
            yield customer, start, min(known) if known else None


def are_last_days(parts: Mapping[str, Profile]) -> tuple[bool, str]:
    """Whether an end names the last day of a term, so that the next one starts a day later; and what speaks for it."""
    if "end" not in parts:
        return False, ""
    of_one: dict[str, list[tuple[datetime, datetime]]] = {}
    for customer, start, end in terms_of(parts):
        if end:
            of_one.setdefault(customer, []).append((start, end))
    gaps = Counter((after[0] - before[1]).days for terms in of_one.values() for before, after in pairwise(sorted(terms)))
    met = gaps[0] + gaps[1]
    if met >= _FEWEST_MET and gaps[1] > gaps[0]:
        return True, f"{percent(gaps[1], met)} next terms start the day after: it is the last day of a term"
    return False, ""


def usual_days(parts: Mapping[str, Profile]) -> int | None:
    """Days of a usual term as agreed; None where none is agreed."""
    lengths = sorted((end - start).days for _, start, end in terms_of(parts) if end) if "end" in parts else []
    if not lengths:
        return None
    return max(1, lengths[len(lengths) // 2])


def term_lengths(profiles: Sequence[Profile]) -> tuple[Profile, dict[str, int]] | None:
    """The column that says how long a contract's terms are, and the months of each of its values."""
    for profile in profiles:
        words = set(words_of(profile.name))
        values = set(profile.present)
        if not words & TERM_WORDS or words & NOT_TERM_WORDS or not 0 < len(values) <= len(TERM_MONTHS):
            continue
        months = {value: TERM_MONTHS.get(_NO_LETTERS.sub("", value.lower())) for value in sorted(values)}
        known = {value: length for value, length in months.items() if length is not None}
        if len(known) == len(values):
            return profile, known
    return None
