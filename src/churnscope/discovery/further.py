"""What a config says beside columns: how contracts end and how long terms are, what is told of customers, who left."""

from __future__ import annotations

from collections import Counter

from churnscope.discovery.dates import TIMESTAMP
from churnscope.discovery.drafts import Draft
from churnscope.discovery.flat import label_of, others_that_tell, speaks_of_leaving
from churnscope.discovery.mapping import Writer, literal, note_missing
from churnscope.discovery.profiles import Profile
from churnscope.discovery.terms import are_last_days, term_lengths, usual_days
from churnscope.discovery.vocabulary import STATIC_STEMS
from churnscope.discovery.words import matches, words_of
from churnscope.levels import safe_word
from churnscope.sources.flat import attribute_names

_OF_ONE_TERM = frozenset({"end", "due", "paid", "failed"})
_MOST_NAMED = 12


def add_further_keys(draft: Draft) -> None:
    """Write down what only some roles have."""
    if draft.role == "subscriptions":
        _add_ends(draft)
        _add_rolling(draft)
    elif draft.role == "customers":
        _add_attributes(draft)
    elif draft.role == "snapshot":
        _add_label(draft)


def _add_ends(draft: Draft) -> None:
    who, into = draft.casts[0], draft.mapping
    draft.term_days = usual_days(who.parts)
    for part in {"end", "ended"} & into.columns.keys() - {who.ends.part if who.ends else ""}:
        draft.guess(f"columns.{part}", who.parts[part].name, "by its header; empty while the contract runs as agreed")
    if who.ends is None or who.ends.part not in into.columns:
        return
    part, evidence, profile = who.ends.part, who.ends.evidence, who.parts[who.ends.part]
    is_last, seen = are_last_days(who.parts)
    if is_last:
        into.columns[part] = f"{_typed(draft, profile)} + INTERVAL 1 DAY"
        evidence = f"{evidence}; {seen}"
    draft.guess(f"columns.{part}", profile.name, evidence, check=who.ends.check)


def _typed(draft: Draft, profile: Profile) -> str:
    """A column of times inside an expression."""
    if profile.column.native is None:
        draft.mapping.types.setdefault(profile.name, TIMESTAMP)
    return Writer(draft.kind).sql(profile)


def _add_rolling(draft: Draft) -> None:
    """One row per contract: how long its terms are, where a column says so."""
    if _OF_ONE_TERM & draft.mapping.columns.keys() or not (found := term_lengths(draft.kind.profiles)):
        return
    column, months = found
    cases = " ".join(f"WHEN {literal(value)} THEN {length}" for value, length in months.items())
    counts = Counter(column.present)
    draft.term_days = round(months[counts.most_common(1)[0][0]] * 365 / 12)
    draft.rolling = {"months": f"CASE {Writer(draft.kind).sql(column)} {cases} END"}
    lengths = " or ".join(str(length) for length in sorted(set(months.values())))
    evidence = f"{column.name} says how long terms are, {lengths} months: one follows the other until the contract ends"
    draft.guess("rolling", column.name, evidence)


def _add_attributes(draft: Draft) -> None:
    """What is told of customers: with a history all of it, without one what never changes."""
    has_history = "valid_from" in draft.mapping.columns
    used = {profile.name for profile in draft.casts[0].parts.values()}
    others = [name for name in draft.kind.first.names if name not in used and not speaks_of_leaving(name)]
    kept = others if has_history else [name for name in others if _never_changes(name)]
    if kept and not draft.renames:
        draft.attributes = kept
        draft.static = None if has_history else [safe_word(name) or name for name in kept]
        why = "rows say since when they hold" if has_history else "never changes, by its header: today's value was always so"
        draft.guess("attributes", ", ".join(kept), why, check=not has_history)
    if rest := [name for name in draft.kind.first.names if name not in used and name not in kept]:
        named = ", ".join(rest[:_MOST_NAMED]) + (" and more" if len(rest) > _MOST_NAMED else "")
        evidence = (
            f"{named}: today's values would know too much of earlier days; add to attributes and static what never changes"
        )
        draft.guess("not read", f"{len(rest)} columns", evidence)


def _never_changes(header: str) -> bool:
    return any(matches(word, stem) for word in words_of(header) for stem in STATIC_STEMS)


def _add_label(draft: Draft) -> None:
    """Who left, and what else is told of each customer of a flat file."""
    left = label_of(draft.kind)
    assert left is not None
    into, writer = draft.mapping, Writer(draft.kind)
    sql = writer.sql(left.column)
    for word in left.column.missing_words:
        sql = f"nullif({sql}, {literal(word)})"
    native = left.column.column.native
    is_plain = native == "flag" and left.value == "true"
    value = left.value if native in {"flag", "number"} else literal(left.value)
    into.columns["churned"] = writer.alone(left.column) if is_plain else f"{sql} = {value}"
    draft.guess("columns.churned", left.column.name, left.evidence, check=left.check)
    profiles = [profile for profile in draft.kind.profiles if profile.name not in {left.column.name, _customer(draft)}]
    telling = others_that_tell(draft.kind, left)
    kept = [profile for profile in profiles if profile.name not in telling]
    written = {profile.name: _attribute(draft, profile) for profile in kept}
    if any(written[profile.name] != writer.alone(profile) for profile in kept):
        draft.attributes = dict(zip(attribute_names(list(written)), written.values(), strict=True))
    else:
        draft.attributes = list(written) if telling else "*"
    evidence = f"without {', '.join(telling)}, which tell the outcome" if telling else "every column that is nothing else"
    draft.guess("attributes", "all", evidence, check=bool(telling))


def _customer(draft: Draft) -> str:
    return draft.casts[0].parts["customer"].name


def _attribute(draft: Draft, profile: Profile) -> str:
    """The column as a text, a number or a date; of CSV files all are texts until their type says otherwise."""
    into, writer = draft.mapping, Writer(draft.kind)
    if profile.column.native is not None:
        return writer.alone(profile)
    note_missing({profile.name: profile}, into)
    if profile.times:
        into.types |= {profile.name: TIMESTAMP} if profile.times.type == TIMESTAMP and not profile.times.second else {}
        return writer.time(profile, into)
    if profile.kind != "number":
        return writer.alone(profile)
    text = writer.number(profile, into)
    into.types |= {profile.name: "number"} if text == writer.alone(profile) else {}
    return text
