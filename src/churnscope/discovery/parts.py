"""Which role the files of a kind have, and which column plays which part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from churnscope.discovery.guesses import counted
from churnscope.discovery.kinds import Kind
from churnscope.discovery.profiles import Profile
from churnscope.discovery.terms import Ends, are_terms, with_real_ends
from churnscope.discovery.vocabulary import ROLE_WORDS, Part
from churnscope.discovery.words import matches, parts_of, score, words_of
from churnscope.roles import ROLES

_ENOUGH, _SURE, _CLOSE = 4, 9, 2  # points of a header for a part
_UNIQUE = 0.98
_FEW = 20  # rows, below which nothing is said about repetition
_NAMED, _PLAIN = 3, 5  # points of all headers for a role that nobody would guess, with and without a file called so
_NEVER = -100
_DEFAULT = "purchases"


@dataclass(frozen=True)
class Cast:
    """Who plays which part.

    Parameters
    ----------
    role : the files' role.
    parts : part -> column.
    rivals : part -> other columns that could play it about as well.
    evidence : why this role.
    check : whether another role is about as likely.
    unsure : parts whose column was chosen by its values alone.
    ends : of contracts, what was seen of their ends.
    """

    role: str
    parts: Mapping[str, Profile]
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    evidence: str = ""
    check: bool = False
    unsure: frozenset[str] = frozenset()
    ends: Ends | None = None

    @property
    def is_possible(self) -> bool:
        """Whether every required part is played."""
        return all(name in self.parts for name in ROLES[self.role].required)


def cast(kind: Kind, leaning: Mapping[str, int], today: date, chosen: str | None = None) -> Cast:
    """The likeliest role of some files, and its columns.

    Parameters
    ----------
    leaning : role -> what the kind of business adds to it.
    today : ends of contracts that lie later are agreed ones.
    chosen : the role, where somebody has said so.
    """
    if chosen is not None:
        return _columns(kind, chosen, today)
    casts = {role: _columns(kind, role, today) for role in ROLE_WORDS}
    points = {role: _points(kind, casts[role], leaning.get(role, 0)) for role in casts}
    if points["subscriptions"] > _NEVER:
        points["customers"] = _NEVER  # one row per customer, but with an end: a contract
    first, second, *_ = sorted(points, key=lambda role: (-points[role], role != _DEFAULT))
    check = points[first] - points[second] < _CLOSE and points[second] > _NEVER / 2
    found = casts[first]
    evidence = _why(kind, found)
    if check:
        evidence += f"; {second} would be about as likely"
    return replace(found, evidence=evidence, check=check)


def _why(kind: Kind, found: Cast) -> str:
    file_word = _file_word(kind, found.role)
    reasons = [f"the file's name says {file_word}"] if file_word else []
    headers = [profile.name for profile in found.parts.values() if profile.name]
    reasons.append(f"it holds {', '.join(headers[:4])}" + (" and more" if len(headers) > 4 else ""))
    if found.role == "customers":
        reasons.append("every id stands there once")
    return "; ".join(reasons)


def _points(kind: Kind, found: Cast, leaning: int) -> int:
    if not found.is_possible:
        return _NEVER
    words = {word for profile in kind.profiles for word in words_of(profile.name)}
    hits = sum(weight for stem, weight in ROLE_WORDS[found.role].headers.items() if any(matches(word, stem) for word in words))
    points = leaning + min(hits, 8) + (5 if _file_word(kind, found.role) else 0) + (found.role == _DEFAULT)
    if found.role == "purchases":
        points += 3 * bool({"amount", "price"}.intersection(found.parts)) + ("quantity" in found.parts)
    customer = found.parts["customer"]
    is_unique = customer.distinct_share >= _UNIQUE
    if found.role == "customers":
        is_one = is_unique or "valid_from" in found.parts
        return points + 5 if is_one and "customer" not in found.unsure else _NEVER
    if found.role == "subscriptions":
        return points + 6 if "time" not in found.unsure and are_terms(found.parts) else _NEVER
    if is_unique and len(customer.present) > _FEW:
        points -= 8
    if found.role in {"support", "contacts"} and hits < (_NAMED if _file_word(kind, found.role) else _PLAIN):
        return _NEVER
    return points


def _file_word(kind: Kind, role: str) -> str:
    """The word of the files' names that points to the role."""
    words = words_of(Path(kind.first.file.name).name.split(".")[0])
    return next((word for word in words for stem in ROLE_WORDS[role].files if matches(word, stem)), "")


def _columns(kind: Kind, role: str, today: date) -> Cast:
    taken: dict[str, Profile] = {}
    rivals: dict[str, tuple[str, ...]] = {}
    unsure: set[str] = set()
    is_event = role != "customers"
    for part in parts_of(role):
        free = [profile for profile in kind.profiles if profile not in taken.values()]
        ranked = _ranked(part, free, is_event=is_event)
        if not ranked and part.name in {"customer", "time"} and is_event:
            ranked = _by_values(part, free)
            unsure.update([part.name] if ranked else [])
        if ranked and part.name == "customer" and is_event and ranked[0][0] < _SURE:
            unsure.add(part.name)
        if ranked:
            taken[part.name] = ranked[0][1]
            best = ranked[0][0]
            close = tuple(profile.name for points, profile in ranked[1:] if points > best - _CLOSE)
            if close and part.name in {"customer", "time"}:
                rivals[part.name] = close
    found = Cast(role, taken, rivals, unsure=frozenset(unsure))
    if role != "subscriptions":
        return found
    parts, ends = with_real_ends(taken, today)
    return replace(found, parts=parts, ends=ends)


def _ranked(part: Part, free: Sequence[Profile], *, is_event: bool) -> list[tuple[int, Profile]]:
    """Columns that can play the part, the likeliest first."""
    found = []
    for profile in free:
        if not _can_play(part, profile):
            continue
        points = score(part, profile.name)
        if part.name == "customer" and is_event and profile.distinct_share == 1 and len(profile.present) > _FEW:
            points -= 5
        if points >= _ENOUGH:
            found.append((points, profile))
    return sorted(found, key=lambda item: -item[0])


def _can_play(part: Part, profile: Profile) -> bool:
    if profile.kind not in part.kinds or not profile.present:
        return False
    return part.name not in {"customer", "order", "product"} or not profile.has_fractions


def _by_values(part: Part, free: Sequence[Profile]) -> list[tuple[int, Profile]]:
    """Columns that can play the part by what stands in them, whatever they are called."""
    able = [profile for profile in free if _can_play(part, profile) and score(part, profile.name) >= 0]
    if part.name != "customer":
        return [(0, profile) for profile in able]
    ids = [profile for profile in able if len(set(profile.present)) > 1 and not _looks_like_row_id(profile)]
    ranked = sorted(ids, key=lambda profile: -len(set(profile.present)))
    return [(-place, profile) for place, profile in enumerate(ranked)]


def _looks_like_row_id(profile: Profile) -> bool:
    return profile.distinct_share > _UNIQUE and len(profile.present) > _FEW


def named_by_values(kind: Kind) -> list[tuple[str, str]]:
    """For a file without header: a name for each column, and what was seen in it."""
    customer = next((profile for _, profile in _by_values(parts_of(_DEFAULT)[0], kind.profiles)), None)
    names: list[tuple[str, str]] = []
    used: set[str] = set()
    for number, profile in enumerate(kind.profiles, 1):
        name = "customer" if profile is customer else _name_of(profile)
        name = name if name and name not in used else f"column_{number}"
        used.add(name)
        names.append((name, _seen(profile)))
    return names


def _name_of(profile: Profile) -> str:
    if profile.kind == "time":
        return "time"
    if profile.kind == "number" and profile.has_fractions:
        return "amount"
    return "quantity" if profile.kind == "number" and _is_small(profile) else ""


def _is_small(profile: Profile) -> bool:
    style = profile.numbers
    numbers = [style.number(value) for value in profile.present[:2_000]] if style else []
    return bool(numbers) and all(abs(number or 0) < 10_000 for number in numbers) and not _has_leading_zeros(profile)


def _has_leading_zeros(profile: Profile) -> bool:
    return any(len(value) > 1 and value[0] == "0" and value[1].isdigit() for value in profile.present[:200])


def _seen(profile: Profile) -> str:
    if profile.times:
        return f"times, {profile.times.words}"
    if profile.kind == "number":
        return "numbers with decimals" if profile.has_fractions else "whole numbers"
    return f"texts, {counted(len(set(profile.present)), 'different one')} in the sample"
