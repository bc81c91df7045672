"""From paths to sources: samples, kinds, roles, and what belongs together."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from churnscope.config.flat import ROLE as FLAT
from churnscope.discovery.drafts import Draft, draft_source, source_name
from churnscope.discovery.flat import label_of, speaks_of_leaving
from churnscope.discovery.further import add_further_keys
from churnscope.discovery.guesses import ANSWERED, Ask, Guess, Question
from churnscope.discovery.kinds import Kind, kinds_of
from churnscope.discovery.overlaps import note_overlap
from churnscope.discovery.parts import Cast, cast, named_by_values
from churnscope.discovery.profiles import Profile
from churnscope.discovery.tables import FEWEST_ROWS, MOST_ROWS, MOST_ROWS_OF_ONE, look_at
from churnscope.discovery.vocabulary import ROLE_WORDS
from churnscope.discovery.words import words_of
from churnscope.errors import InputError
from churnscope.operations.logs import Progress
from churnscope.roles import ROLES
from churnscope.sources.files import SUFFIXES

LEAVE_OUT = "leave out"
_FITTING = 0.99
_WHO_IS_WHO = frozenset({"purchases", "subscriptions"})  # whose ids are those of the business
_ANY_SUFFIX = tuple(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)


@dataclass(frozen=True)
class Found:
    """What the files are.

    Parameters
    ----------
    drafts : the sources.
    left_out : files that no source reads, with the reason as evidence.
    """

    drafts: tuple[Draft, ...]
    left_out: tuple[Guess, ...]

    @property
    def is_flat(self) -> bool:
        """Whether it is one flat file."""
        return any(draft.role == FLAT for draft in self.drafts)


def find_sources(paths: Sequence[Path], leaning: Mapping[str, int], today: date, ask: Ask, progress: Progress) -> Found:
    """The sources that some files, globs or folders hold.

    Parameters
    ----------
    leaning : role -> how much the kind of business expects it.
    today : later days speak against a reading of dates.

    Raises
    ------
    InputError : when a file is refused, or none holds events, contracts or who left.
    """
    files = _files(paths)
    most = min(MOST_ROWS_OF_ONE, max(FEWEST_ROWS, MOST_ROWS // len(files)))
    tables = []
    for done, path in enumerate(files, 1):
        tables.append(look_at(path, most))
        progress("look at files", done, len(files))
    kinds = [kind for first in kinds_of(tables, today) for kind in _with_names(first, today, ask)]
    casts = [_settled(kind, leaning, today, ask) for kind in kinds]
    pairs = [(_settled_time(kind, who, ask), who) for kind, who in zip(kinds, casts, strict=True)]
    pairs = [(kind, _refreshed(kind, who)) for kind, who in pairs]
    used, left_out = _readable(pairs)
    if not any(ROLES[who.role].is_activity for _, who in used):
        used, left_out = _flat(used, left_out)
    drafts = _drafts(used)
    drafts, strangers = _of_the_same_customers(drafts)
    if not any(ROLES[draft.role].is_activity for draft in drafts):
        flat = [Guess(draft.kind.names, LEAVE_OUT, "it has one row per customer") for draft in drafts]
        raise _no_events([*left_out, *strangers, *flat])
    for draft in drafts:
        note_overlap(draft)
    return Found(tuple(drafts), (*left_out, *strangers))


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(child for child in path.iterdir() if child.name.lower().endswith(_ANY_SUFFIX))
            if not inside:
                raise InputError(f"{path} holds no file to read.", f"Files end in {', '.join(sorted(_ANY_SUFFIX))}.")
            found += inside
        elif glob.has_magic(str(path)) and not path.exists():
            found += sorted(Path(match) for match in glob.glob(str(path), recursive=True)) or [path]  # noqa: PTH207
        else:
            found.append(path)
    twice = {path for path in found if [other.resolve() for other in found].count(path.resolve()) > 1}
    if twice:
        raise InputError(f"{min(twice)} is named twice.", "Every row would count twice: name each file once.")
    return found


def _with_names(kind: Kind, today: date, ask: Ask) -> Iterator[Kind]:
    """The same kind with names for columns that have none."""
    if not kind.first.needs_names:
        yield kind
        return
    header = kind.first.names if kind.first.header_flaw else ("",) * len(kind.profiles)
    names: list[str] = []
    for number, ((guess, seen), written) in enumerate(zip(named_by_values(kind), header, strict=True), 1):
        default = written if written and written not in names else guess
        question = f"{kind.first.file.name}, column {number} has no name ({seen}). Its name"
        answer = None if written and written not in names else ask(Question("csv.names", question, default))
        name = answer or default
        names.append(name if name not in names else f"{name}_{number}")
    yield from kinds_of([table.named(names) for table in kind.tables], today)


def _settled(kind: Kind, leaning: Mapping[str, int], today: date, ask: Ask) -> Cast:
    """Role and columns, asked for where they are not sure."""
    who = cast(kind, leaning, today)
    if who.check and who.is_possible:
        choices = (*ROLE_WORDS, LEAVE_OUT)
        question = f"{kind.names}: what is one row? ({who.evidence})"
        answer = ask(Question("role", question, who.role, choices))
        if answer == LEAVE_OUT:
            return replace(who, parts={})
        if answer is not None:
            who = replace(cast(kind, leaning, today, answer), evidence=ANSWERED)
    for part in ("customer", "time"):
        who = _settled_part(kind, who, part, ask)
    return who


def _settled_part(kind: Kind, who: Cast, part: str, ask: Ask) -> Cast:
    if part not in who.parts or (part not in who.unsure and part not in who.rivals):
        return who
    chosen = who.parts[part].name
    others = [profile.name for profile in kind.profiles if _may_be(part, profile) and profile.name != chosen]
    if not others:
        return who
    what = "holds the customer's id" if part == "customer" else "says when it happened"
    answer = ask(Question(f"columns.{part}", f"{kind.names}: which column {what}?", chosen, (chosen, *others)))
    if answer is None:
        return who
    parts = {name: profile for name, profile in who.parts.items() if profile.name != answer} | {part: kind.profile(answer)}
    rivals = {name: names for name, names in who.rivals.items() if name != part}
    return replace(who, parts=parts, rivals=rivals, unsure=who.unsure - {part})


def _may_be(part: str, profile: Profile) -> bool:
    return profile.kind == "time" if part == "time" else profile.kind in {"text", "number"}


def _settled_time(kind: Kind, who: Cast, ask: Ask) -> Kind:
    """The kind with day and month told apart, asked for where both orders fit."""
    profiles = list(kind.profiles)
    for place, profile in enumerate(profiles):
        times = profile.times
        if times is None or times.twin is None or profile.name not in {used.name for used in who.parts.values()}:
            continue
        question = f"{kind.names}, {profile.name}: how are dates written? ({times.evidence})"
        answer = ask(Question(f"types.{profile.name}", question, times.type, (times.type, times.twin.type)))
        if answer is not None:
            chosen = times if answer == times.type else times.twin
            chosen = replace(chosen, evidence=ANSWERED, check=False, twin=None)
            profiles[place] = replace(profile, times=chosen)
    return replace(kind, profiles=tuple(profiles))


def _refreshed(kind: Kind, who: Cast) -> Cast:
    return replace(who, parts={name: kind.profile(profile.name) for name, profile in who.parts.items()})


def _readable(pairs: Sequence[tuple[Kind, Cast]]) -> tuple[list[tuple[Kind, Cast]], list[Guess]]:
    """What is read, and what is left out, with the reason."""
    used = [(kind, who) for kind, who in pairs if who.is_possible]
    return used, [Guess(kind.names, LEAVE_OUT, _reason(kind, who)) for kind, who in pairs if not who.is_possible]


def _flat(used: Sequence[tuple[Kind, Cast]], left_out: list[Guess]) -> tuple[list[tuple[Kind, Cast]], list[Guess]]:
    """Of files without events, the widest that says who left; the others cannot stand beside it."""
    able = [(kind, who) for kind, who in used if who.role == "customers" and label_of(kind)]
    if not able:
        return list(used), left_out
    chosen, who = max(able, key=lambda pair: len(pair[0].profiles))
    beside = [
        Guess(kind.names, LEAVE_OUT, f"{chosen.names} is read alone, as a flat file") for kind, _ in used if kind is not chosen
    ]
    evidence = "every id stands there once, a column says who left, and no file holds events"
    return [(chosen, replace(who, role=FLAT, parts={"customer": who.parts["customer"]}, evidence=evidence))], [
        *left_out,
        *beside,
    ]


def _reason(kind: Kind, who: Cast) -> str:
    if not who.parts:
        return "as answered"
    times = [profile.name for profile in kind.profiles if profile.kind == "time"]
    if "customer" not in who.parts:
        return "no column looks like a customer's id"
    if gone := [name for name in times if speaks_of_leaving(name)]:
        return f'{gone[0]} is when customers left, which is no event of theirs: [label] kind = "cancel" can read it'
    return "no column looks like the time of an event" if not times else "its role is not clear"


def _drafts(pairs: Sequence[tuple[Kind, Cast]]) -> list[Draft]:
    """One source for all kinds that differ in headers alone."""
    together: list[list[tuple[Kind, Cast]]] = []
    for pair in pairs:
        home = next((group for group in together if _differ_in_headers_alone(group[0], pair)), None)
        if home is None:
            together.append([pair])
        else:
            home.append(pair)
    drafts: dict[str, Draft] = {}
    for group in together:
        tables = [table for kind, _ in group for table in kind.tables]
        name = source_name(tables, drafts, group[0][1].role)
        drafts[name] = draft_source(name, [kind for kind, _ in group], [who for _, who in group])
        add_further_keys(drafts[name])
    return list(drafts.values())


def _differ_in_headers_alone(one: tuple[Kind, Cast], other: tuple[Kind, Cast]) -> bool:
    (kind, who), (kind2, who2) = one, other
    first, second = kind.first, kind2.first
    if (who.role, first.format, first.encoding, len(first.names)) != (
        who2.role,
        second.format,
        second.encoding,
        len(second.names),
    ):
        return False
    if set(who.parts) != set(who2.parts) or first.needs_names or second.needs_names:
        return False
    if first.dialect and second.dialect:
        written = [(d.delimiter, d.quote, d.is_aligned) for d in (first.dialect, second.dialect)]
        if written[0] != written[1] or first.dialect.is_aligned:
            return False
    new = [who.parts[part].name for part in who.parts if who.parts[part].name != who2.parts[part].name]
    return not set(new).intersection(second.names) and all(_alike(who.parts[part], who2.parts[part]) for part in who.parts)


def _alike(one: Profile, other: Profile) -> bool:
    """Whether two columns are the same under two headers."""
    forms = [profile.times.type if profile.times else "" for profile in (one, other)]
    styles = [profile.numbers.words if profile.numbers and profile.kind == "number" else "" for profile in (one, other)]
    share_a_word = bool(set(words_of(one.name)).intersection(words_of(other.name)))
    return forms[0] == forms[1] and (styles[0] == styles[1] or "" in styles) and share_a_word


def _of_the_same_customers(drafts: list[Draft]) -> tuple[list[Draft], list[Guess]]:
    """Sources whose ids are those of the largest source of events, and those that speak of other ids."""
    events = [draft for draft in drafts if ROLES[draft.role].is_activity]
    if not events:
        return drafts, []
    main = max(events, key=lambda draft: (draft.role in _WHO_IS_WHO, sum(kind.rows for kind in draft.kinds)))
    kept, left_out = [], []
    customers: Draft | None = None
    for draft in sorted(drafts, key=_is_second_choice):
        names = ", ".join(kind.names for kind in draft.kinds)
        shared = len(draft.ids & main.ids)
        if draft.role == "customers":
            share = shared / max(1, len(main.ids))
            if customers is not None:
                left_out.append(Guess(names, LEAVE_OUT, f"{customers.name} lists the customers already"))
            elif share < _FITTING:
                evidence = f"it lists {shared:,} of {len(main.ids):,} ids sampled from {main.name}: the others would be refused"
                left_out.append(Guess(names, LEAVE_OUT, evidence))
            else:
                customers = draft
                kept.append(draft)
        elif draft is not main and not shared:
            left_out.append(Guess(names, LEAVE_OUT, _other_ids(draft, main)))
        else:
            kept.append(draft)
    return [draft for draft in drafts if draft in kept], left_out


def _is_second_choice(draft: Draft) -> tuple[bool, bool]:
    """Of several lists of customers, one that tells when they came and does not tell who left is read first."""
    return "time" not in draft.mapping.columns, label_of(draft.kind) is not None


def _other_ids(draft: Draft, main: Draft) -> str:
    for profile in main.kind.profiles:
        if draft.ids.intersection(profile.present):
            return (
                f"its ids stand in {profile.name} of {main.name}, not the customer's: a [sources.*.join] on it would tell whose"
            )
    return f"none of its sampled ids stands in {main.name}: they name something else"


def _no_events(left_out: Sequence[Guess]) -> InputError:
    reasons = [f"- {guess.key}: {guess.evidence}." for guess in left_out]
    what = "\n".join(["No file holds events of customers.", *reasons])
    advice = (
        "A row of events names a customer and a time, and a customer has many: purchases, sessions, calls, messages. "
        "A table with one row per customer is enough where it tells from when to when a contract ran, or, in a column such as "
        "churned, who left."
    )
    return InputError(what, advice)
