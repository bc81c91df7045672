"""One source of the config to be: its files, its columns, and what was seen of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from churnscope.discovery.dates import Times
from churnscope.discovery.guesses import Guess, counted, percent
from churnscope.discovery.ids import Ids
from churnscope.discovery.kinds import Kind, moments_of
from churnscope.discovery.mapping import LINE, SourceKeys, Writer, note_missing
from churnscope.discovery.parts import Cast
from churnscope.discovery.profiles import Profile
from churnscope.discovery.tables import Table
from churnscope.discovery.terms import terms_of
from churnscope.discovery.words import plain_words
from churnscope.expressions import column_sql
from churnscope.roles import ROLES, RoleColumn

_FEW_MISSING, _MOST_MISSING = 0.002, 0.05
_BAD_ENOUGH = 0.005
_LATER = 0.99


@dataclass
class Draft:
    """A source as it will be written.

    Parameters
    ----------
    name : its name in the config.
    role : a role of roles.py.
    kinds : its files; all but the first kind are renamed to the headers of the first.
    casts : who plays which part, a cast for each kind.
    mapping : columns, types, and what the dialect has to say.
    renames : file -> header of that file = header of the first kind.
    missing_customer, overlap, most_quarantined, rolling, attributes, static : as in the config; None: its default.
    term_days : of a usual term of contracts; None where none is agreed.
    guesses : what was seen, by key below `sources.<name>`.
    ids : ids of the sample as the config reads them.
    """

    name: str
    role: str
    kinds: list[Kind]
    casts: list[Cast]
    mapping: SourceKeys = field(default_factory=SourceKeys)
    renames: dict[Path, dict[str, str]] = field(default_factory=dict)
    missing_customer: str | None = None
    overlap: str | None = None
    most_quarantined: float | None = None
    rolling: dict[str, str] | None = None
    attributes: str | list[str] | dict[str, str] | None = None
    static: list[str] | None = None
    term_days: int | None = None
    guesses: list[Guess] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @property
    def kind(self) -> Kind:
        """The first kind of its files."""
        return self.kinds[0]

    @property
    def tables(self) -> list[Table]:
        """All its files."""
        return [table for kind in self.kinds for table in kind.tables]

    @property
    def times(self) -> list[Times]:
        """How its times are written, a reading for each kind."""
        found = [cast.parts["time"].times for cast in self.casts if "time" in cast.parts]
        return [times for times in found if times is not None]

    def spans(self) -> Iterator[tuple[Table, datetime, datetime]]:
        """Each file with its first and last time."""
        for kind, who in zip(self.kinds, self.casts, strict=True):
            for table in kind.tables:
                span = kind.span(table, who.parts["time"].name) if "time" in who.parts else None
                if span:
                    yield table, *span

    def visits(self) -> Iterator[tuple[str, datetime]]:
        """Customer and time of each sampled row that has both."""
        for who in self.casts:
            moments, customer, time = moments_of(who.parts["time"]), who.parts["customer"], who.parts["time"]
            for name, text in zip(customer.column.values, time.column.values, strict=True):
                moment = moments.get(text)
                if name and moment:
                    yield name.removesuffix(".0"), moment

    @property
    def told(self) -> list[datetime]:
        """Sampled times at which contracts really ended."""
        ended = [who.parts["ended"] for who in self.casts if "ended" in who.parts]
        return [moment for profile in ended for moment in moments_of(profile).values() if moment]

    def terms(self) -> Iterator[tuple[str, datetime, datetime | None]]:
        """Customer, start and end of each sampled row of contracts."""
        for who in self.casts:
            yield from terms_of(who.parts)

    def guess(self, key: str, value: str, evidence: str = "", *, check: bool = False) -> None:
        """Note what will stand at a key of this source."""
        self.guesses.append(Guess(f"sources.{self.name}.{key}", value, evidence, check))


def draft_source(name: str, kinds: Sequence[Kind], casts: Sequence[Cast]) -> Draft:
    """Write down what a config says of some files in one role."""
    draft = Draft(name, casts[0].role, list(kinds), list(casts))
    draft.guess("role", draft.role, casts[0].evidence, check=casts[0].check)
    _note_reading(draft)
    _map_customer(draft)
    _map_others(draft)
    _note_bad_rows(draft)
    for kind, who in zip(kinds[1:], casts[1:], strict=True):
        rename = {other.name: casts[0].parts[part].name for part, other in who.parts.items() if part in casts[0].parts}
        changed = {new: old for new, old in rename.items() if new != old}
        draft.renames |= {table.file.path: changed for table in kind.tables}
        draft.guess("rename", counted(len(changed), "header"), f"{kind.names}: the same columns under other headers")
    if Writer(draft.kind).is_aligned and not draft.kind.first.needs_names:
        draft.renames |= {table.file.path: {table.header_line: LINE} for table in draft.tables}
    return draft


def _note_reading(draft: Draft) -> None:
    first, kind = draft.kind.first, draft.kind
    about = "" if kind.is_whole or first.format == "parquet" else "about "
    rows = sum(one.rows for one in draft.kinds)
    draft.guess("files", counted(len(draft.tables), "file"), f"{about}{counted(rows, 'row')}")
    if first.text is not None and (first.text.encoding != "utf-8" or first.text.note):
        evidence = first.text.note or "the byte order mark says so"
        draft.guess("csv.encoding", first.text.encoding, evidence, check=bool(first.text.note))
    dialect = first.dialect
    if dialect is None:
        return
    agree = f"{percent(dialect.consistent, dialect.probed)} first lines have {dialect.columns} fields"
    if dialect.is_aligned:
        draft.guess("csv.delimiter", "blanks", f"{agree}, with one or more blanks between them")
    elif dialect.delimiter != ",":
        draft.guess("csv.delimiter", {"\t": "tab", " ": "blank"}.get(dialect.delimiter, dialect.delimiter), agree)
    if first.header_flaw:
        draft.guess(
            "csv.names",
            ", ".join(first.names),
            f"{first.header_flaw}; the header itself will be quarantined as a row",
            check=True,
        )
    elif not first.has_header:
        draft.guess("csv.names", ", ".join(first.names), "the first record holds values, not names", check=True)


def _map_customer(draft: Draft) -> None:
    """The id, mended so that it fits all kinds of files of the source."""
    looked = [Writer(kind).ids(who.parts["customer"]) for kind, who in zip(draft.kinds, draft.casts, strict=True)]
    text = looked[0][0]
    for (other, ids), who in zip(looked[1:], draft.casts[1:], strict=True):
        if ids.expression:
            text = other.replace(column_sql(who.parts["customer"].name), column_sql(draft.casts[0].parts["customer"].name))
    draft.mapping.columns["customer"] = text
    profiles = [who.parts["customer"] for who in draft.casts]
    sampled = sum(len(profile.column.values) for profile in profiles)
    present = sum(len(profile.present) for profile in profiles)
    draft.ids = {_as_read(value, [ids for _, ids in looked]) for profile in profiles for value in profile.present}
    evidence = [
        f"{len(draft.ids):,} ids in {sampled:,} sampled rows",
        *dict.fromkeys(ids.evidence for _, ids in looked if ids.evidence),
    ]
    check = any(ids.check for _, ids in looked)
    if rivals := draft.casts[0].rivals.get("customer"):
        evidence.append(f"{' and '.join(rivals)} could be meant too")
        check = True
    if "customer" in draft.casts[0].unsure:
        evidence.append("no header says customer, this one may hold their ids")
        check = True
    draft.guess("columns.customer", profiles[0].name, "; ".join(evidence), check=check)
    _note_missing_customers(draft, sampled - present, sampled)


def _note_missing_customers(draft: Draft, missing: int, sampled: int) -> None:
    if missing > _FEW_MISSING * sampled and ROLES[draft.role].is_activity:
        draft.missing_customer = "ignore"
        evidence = f"{missing / sampled:.1%} of the sampled rows have no id: taken for anonymous ones, not for a fault"
        draft.guess("missing_customer", "ignore", evidence, check=True)


def _as_read(value: str, looked: Sequence[Ids]) -> str:
    sql = "".join(ids.expression for ids in looked)
    if ".0+$" in sql or "BIGINT" in sql:
        value = value.removesuffix(".0")
    return value.lower() if "lower(" in sql else value


def _map_others(draft: Draft) -> None:
    who, writer, into = draft.casts[0], Writer(draft.kind), draft.mapping
    if "time" in who.parts:
        into.columns["time"] = writer.time(who.parts["time"], into)
        _note_time(draft, who.parts["time"])
    _map_amount(draft, writer)
    for column in ROLES[draft.role].columns:
        profile = who.parts.get(column.name)
        if profile is None or column.name in {"customer", "time", "amount"} or not _is_usable(profile, column, who):
            continue
        if column.kind in {"time", "date"}:
            into.columns[column.name] = writer.time(profile, into)
        elif column.kind in {"money", "number"}:
            into.columns[column.name] = writer.number(profile, into)
        else:
            into.columns[column.name] = writer.text(profile)
        if column.name not in {"end", "ended"}:  # more is said of them
            draft.guess(f"columns.{column.name}", profile.name, _present(profile))
    if draft.role == "engagement" and "kind" not in into.columns:
        word = _thing(draft.name)
        into.columns["kind"] = f"'{word}'"
        draft.guess("columns.kind", f"'{word}'", "no column says what was done: called after the source")
    note_missing({name: who.parts[name] for name in who.parts if name in into.columns or name == "price"}, into)
    if into.missing and draft.kind.first.format == "csv":
        draft.guess("csv.missing", ", ".join(into.missing), "stand where times or numbers are missing")
    if into.decimal == ",":
        draft.guess("csv.decimal", ",", "numbers are written with a decimal comma")


def _note_time(draft: Draft, profile: Profile) -> None:
    times = profile.times
    assert times is not None
    who = draft.casts[0]
    evidence, check = times.evidence, times.check
    if "time" in who.unsure:
        evidence, check = f"{evidence}; no header names a time", True
    if rivals := who.rivals.get("time"):
        evidence, check = f"{evidence}; {' and '.join(rivals)} could be meant too", True
    key = ROLES[draft.role].key("time")
    draft.guess(f"columns.{key}", f"{profile.name} ({times.words})", evidence, check=check)


def _map_amount(draft: Draft, writer: Writer) -> None:
    parts, into = draft.casts[0].parts, draft.mapping
    if draft.role != "purchases":
        return
    amount, price, quantity = (_worth(parts.get(name)) for name in ("amount", "price", "quantity"))
    if amount is None and "amount" in parts:
        evidence = f"{parts['amount'].name} is missing in more than {_MOST_MISSING:.0%} of the rows: money is left out"
        draft.guess("columns.amount", "none", evidence, check=True)
        return
    if amount is not None:
        into.columns["amount"] = writer.number(amount, into)
        draft.guess("columns.amount", amount.name, _written(amount), check=_is_open(amount))
    elif price is not None and quantity is not None:
        factors = [writer.number(profile, into, inside=True) for profile in (quantity, price)]
        into.columns["amount"] = " * ".join(factors)
        draft.guess("columns.amount", f"{quantity.name} * {price.name}", _written(price), check=_is_open(price))
    elif price is not None:
        into.columns["amount"] = writer.number(price, into)
        draft.guess("columns.amount", price.name, _written(price), check=_is_open(price))


def _worth(profile: Profile | None) -> Profile | None:
    """The column, unless too much of it is missing to add up."""
    if profile is None or len(profile.present) < (1 - _MOST_MISSING) * len(profile.column.values):
        return None
    return profile


def _is_open(profile: Profile) -> bool:
    return profile.numbers is not None and profile.numbers.is_open


def _written(profile: Profile) -> str:
    style = profile.numbers
    if style is None or profile.column.native == "number":
        return _present(profile)
    text = f"{percent(style.fits, style.values)} sampled values are numbers, {style.words}"
    negative = sum(value.startswith("-") for value in profile.present)
    text += f"; {negative:,} are negative: returns" if negative else ""
    return f"{text}; the comma may also stand between thousands" if style.is_open else text


def _present(profile: Profile) -> str:
    return f"{len(profile.present) / max(1, len(profile.column.values)):.0%} of the sampled rows have one"


def _is_usable(profile: Profile, column: RoleColumn, who: Cast) -> bool:
    values = {value.lower() for value in profile.present}
    if column.kind in {"flag", "truth"}:
        return values <= {"true", "false", "t", "f", "0", "1"}
    if column.only_words:
        return values <= set(column.words)
    if column.kind == "time" and "time" in who.parts and not column.early:
        return _is_later(profile, who.parts["time"], may_be_missing=column.name != "known")
    return column.kind not in {"money", "number"} or column.told != "time" or _worth(profile) is not None


def _is_later(late: Profile, time: Profile, *, may_be_missing: bool) -> bool:
    """Whether a column can say when more of a row became known: hardly ever before it happened; or the row itself, always."""
    later, when = moments_of(late), moments_of(time)
    pairs = [(later.get(a), when.get(b)) for a, b in zip(late.column.values, time.column.values, strict=True)]
    pairs = [(a, b) for a, b in pairs if a is not None or not may_be_missing]
    good = sum(a is not None and b is not None and a >= b for a, b in pairs)
    return good >= _LATER * len(pairs)


def _note_bad_rows(draft: Draft) -> None:
    """Rows that the contract will turn away: where they are more than it allows, the config has to allow more."""
    parts = draft.casts[0].parts
    needed = [parts[name] for name in ("time",) if name in parts and ROLES[draft.role].is_activity]
    if "amount" in draft.mapping.columns:
        needed += [parts[name] for name in ("amount", "price", "quantity") if name in parts and _is_read(draft, parts[name])]
    bad = max((_bad_share(profile) for profile in needed), default=0.0)
    if bad > _BAD_ENOUGH:
        draft.most_quarantined = min(1.0, math.ceil(100 * (2 * bad + 0.01)) / 100)
        evidence = f"{bad:.1%} of the sampled rows have no readable time or amount: they are left out and counted"
        draft.guess("most_quarantined", f"{draft.most_quarantined:g}", evidence, check=True)


def _is_read(draft: Draft, profile: Profile) -> bool:
    return profile.name in draft.mapping.columns["amount"]


def _bad_share(profile: Profile) -> float:
    total = len(profile.column.values)
    fits = profile.times.fits if profile.times else profile.numbers.fits if profile.numbers else len(profile.present)
    return 1 - fits / total if total else 0.0


def _thing(name: str) -> str:
    """What one row is called: the last word of the source's name, one of them."""
    word = (plain_words(name) or ("event",))[-1]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def source_name(tables: Sequence[Table], taken: Mapping[str, object], role: str) -> str:
    """A name for a source, after its files.

    A word of small letters, digits and _; numbers and dates at the end of file names are left out.
    """
    stems = [table.file.name.split(".")[0] for table in tables]
    words = [list(plain_words(stem)) for stem in stems]
    common = [word for i, word in enumerate(words[0]) if all(len(other) > i and other[i] == word for other in words)]
    while common and (common[-1].isdigit() or (len(common) > 1 and len(common[-1]) < 2)):
        common.pop()
    name = "".join(ch if ch.isascii() and (ch.isalnum() or ch == "_") else "" for ch in "_".join(common))
    name = name.lstrip("0123456789_") or role
    return next(free for i in range(1, len(taken) + 2) if (free := name if i == 1 else f"{name}_{i}") not in taken)
