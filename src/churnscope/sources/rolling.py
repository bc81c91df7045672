"""Contracts of many terms, one row each -> their terms, one row each, as the relation of checked rows has them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from churnscope.events.block import NO_DAY
from churnscope.sources.mapping import TERM_LENGTH, SourceMapping
from churnscope.sources.rows import day_of, moved, same_day
from churnscope.sources.trees import column, table, tree
from churnscope.sources.zones import DAY_US

_MIDNIGHT = "make_timestamp(CAST(:day AS BIGINT) * :day_us)"


def terms_of(mapping: SourceMapping, contracts: exp.Select, *, as_of: int, walls: str | None, days: str | None) -> exp.Select:
    """One row per term that began before the contract ended and before the day `as_of`.

    The k-th term runs over `[begin + k * length, begin + (k + 1) * length)` on the local wall clock, a day that a month has not
    taken as its last one. Only the last one has `ended` and the reason; notice of cancellation belongs to the term in which it
    was given.

    Parameters
    ----------
    contracts : the used rows of a relation of checked rows, all columns.
    walls, days : relations of clock changes of the local time zone, as in `Relations`.
    """
    unit = mapping.source.rolling.unit if mapping.source.rolling else "days"
    rows = _with_wall(contracts, days)
    rows = exp.select("*", tree("unnest(range(:n))", n=_terms_at_most(mapping, unit, as_of)).as_("k")).from_(
        _sub(rows), copy=False
    )
    rows = exp.select("*", _edge("k", unit).as_("begin_wall"), _edge("k + 1", unit).as_("over_wall")).from_(
        _sub(rows), copy=False
    )
    rows = _with_instants(rows, walls)
    begun = tree("begin_day < :as_of", as_of=as_of)
    if "ended" in mapping.further_clocks:
        begun = exp.and_(begun, tree("(ended_day = :none OR begin < ended)", none=NO_DAY))
    terms = exp.select("person", *_columns(mapping)).from_(_sub(rows), copy=False)
    return terms.where(tree("k = 0 OR :begun", begun=exp.paren(begun)), copy=False)


def _with_wall(contracts: exp.Select, days: str | None) -> exp.Select:
    """The wall time at which a contract begins."""
    outer = exp.select("r.*").from_(_sub(contracts), copy=False)
    if days is None:
        return outer.select(tree("r.time").as_("wall"), copy=False)
    instant = exp.column("time", table="r")
    on = same_day(instant, "zone")
    outer.select(moved(instant, "zone").as_("wall"), copy=False)
    return outer.join(table(days).as_("zone"), on=on, join_type="left", copy=False)


def _terms_at_most(mapping: SourceMapping, unit: str, as_of: int) -> exp.Expr:
    """At least as many as there are; those too many begin too late."""
    last: exp.Expr = exp.convert(as_of)
    if "ended" in mapping.further_clocks:
        last = tree("CASE WHEN ended_day = :none THEN :as_of ELSE least(ended_day, :as_of) END", none=NO_DAY, as_of=as_of)
    span = tree(":last - day", last=last)
    if unit == "months":
        first, until = (tree(_MIDNIGHT, day=item, day_us=DAY_US) for item in (column("day"), last))
        span = tree("datediff('month', :first, :until)", first=first, until=until)
    return tree("greatest(:span // :length, 0) + 1", span=span, length=_length())


def _edge(terms: str, unit: str) -> exp.Expr:
    """The wall time so many terms after the contract's begin."""
    number = tree(f"({terms}) * :length", length=_length())
    if unit == "days":
        return tree("wall + :number * :day_us", number=number, day_us=DAY_US)
    return tree("epoch_us(make_timestamp(wall) + to_months(CAST(:number AS INTEGER)))", number=number)


def _with_instants(rows: exp.Select, walls: str | None) -> exp.Select:
    """Begin and end of a term as instants and local days."""
    outer = exp.select("r.*").from_(_sub(rows), copy=False)
    for name in ("begin", "over"):
        wall, zone = exp.column(f"{name}_wall", table="r"), f"{name}_zone"
        outer.select(tree("CAST(:day AS INTEGER)", day=day_of(wall)).as_(f"{name}_day"), copy=False)
        if walls is None:
            outer.select(wall.as_(name), copy=False)
        else:
            outer.join(table(walls).as_(zone), on=same_day(wall, zone), join_type="left", copy=False)
            outer.select(moved(wall, zone).as_(name), copy=False)
    return outer


def _columns(mapping: SourceMapping) -> Iterator[exp.Expr]:
    """What a row of terms carries, in the words of the role."""
    yield column("begin").as_("time")
    yield column("begin_day").as_("day")
    if mapping.has_visible_day:
        # A contract that is known is known for all its terms; without a word of when, each is as late as its contract was.
        late = "visible_day" if mapping.has_known else "CAST(visible_day + begin_day - day AS INTEGER)"
        yield tree(late).as_("visible_day")
    yield column("over").as_("end", quoted=True)
    yield column("over_day").as_("end_day", quoted=True)
    has_end = "ended" in mapping.further_clocks
    is_last = tree("ended_day <> :none AND ended <= over", none=NO_DAY) if has_end else exp.false()
    is_noticed = tree("(cancelled < over OR :is_last) AND (k = 0 OR begin <= cancelled)", is_last=exp.paren(is_last))
    kept = {"ended": is_last, "cancelled": is_noticed}
    for name in mapping.further_clocks:
        for part, nothing in ((name, 0), (f"{name}_day", NO_DAY)):
            told = tree("CASE WHEN :kept THEN :told ELSE :nothing END", kept=kept[name], told=column(part), nothing=nothing)
            yield told.as_(part, quoted=True)
    for measure in mapping.measures:
        if measure.name == "reason":
            yield tree("CASE WHEN :is_last THEN reason ELSE 0 END", is_last=is_last).as_("reason", quoted=True)
        elif measure.name != TERM_LENGTH:
            yield column(measure.name)


def _length() -> exp.Expr:
    return tree("CAST(:length AS BIGINT)", length=column(TERM_LENGTH))


def _sub(rows: exp.Select) -> exp.Subquery:
    return rows.subquery("r", copy=False)
