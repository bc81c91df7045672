"""What to offer to a few customers: what each bought most and not lately, asked of the purchases for a list alone."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlglot import exp

from churnscope.config.models import Config, Source
from churnscope.engines.blocks import return_flag
from churnscope.engines.checking import CheckedSource, check_rows, used_rows
from churnscope.engines.connection import connected
from churnscope.engines.queries import arrow_table
from churnscope.engines.reading import SourcePlan, read_source
from churnscope.sources.trees import column, table, tree

ITEM = "item"
_ASKED = "asked"
_KEPT = frozenset({"customer", "time", "amount", "quantity", "is_return", "known"})


def items_from(config: Config) -> dict[str, Source]:
    """The sources of purchases that tell what was bought, each with the one column that says it as its category.

    That column is `[call_list] item`, else the category, else the product.
    """
    asked = config.call_list.item if config.call_list else None
    found = {}
    for name, source in config.sources.items():
        text = asked or source.columns.get("category") or source.columns.get("product")
        if source.role == "purchases" and text:
            kept = {key: value for key, value in source.columns.items() if key in _KEPT} | {"category": text}
            found[name] = source.model_copy(update={"columns": kept, "signals": {}})
    return found


def items_to_offer(config: Config, ids: Sequence[str], as_of: int) -> pa.Table:
    """The item to offer to each of some customers.

    Of all that a customer bought, that which was bought on most days, unless it was bought lately; returns count for nothing.
    Among those of as many days the one longest ago comes first, then the first by name. Lately is in the last
    `[call_list] item_days`, by default no longer ago than the customer's own mean days from purchase to purchase, or than the
    horizon where there was only one.

    Parameters
    ----------
    ids : whom to look for.
    as_of : the first day that is not read.

    Returns
    -------
    customer_id and item: a row for each of whom there is one.
    """
    sources = items_from(config)
    nobody = pa.table({"customer_id": pa.array([], pa.string()), ITEM: pa.array([], pa.string())})
    if not sources or not len(ids):
        return nobody
    plans = [SourcePlan.of(name, source) for name, source in sources.items()]
    files = [file for plan in plans for file in (*plan.files, *plan.joined)]
    size = sum(file.size_bytes for plan in plans if plan.source.format == "csv" for file in (*plan.files, *plan.joined))
    with connected(config.engine, [file.path for file in files], temp=None, size_bytes=size) as connection:
        raw = [(plan, read_source(connection, plan, f"raw_{place}")) for place, plan in enumerate(plans)]
        checked = check_rows(connection, config.model_copy(update={"sources": sources}), raw)
        connection.register(_ASKED, pa.table({"id": pa.array(ids, pa.string())}))
        settings = config.call_list
        lately = settings.item_days if settings else None
        return arrow_table(connection, _chosen(checked, as_of, lately or 0, config.prediction.horizon_days))


def _chosen(sources: Sequence[CheckedSource], as_of: int, item_days: int, horizon_days: int) -> exp.Expr:
    """One row for each customer with an item; `item_days` of 0: by the customer's own pace."""
    lines = _joined([_lines(source, as_of) for source in sources])
    pace = tree(
        "CASE WHEN count(DISTINCT day) > 1 THEN (max(day) - min(day)) / (count(DISTINCT day) - 1) ELSE :once END",
        once=horizon_days,
    )
    lately = tree("CAST(:days AS DOUBLE)", days=item_days) if item_days else pace
    people = exp.select("person", lately.as_("lately")).from_(lines.subquery("l")).group_by("person")
    items = (
        exp.select("person", "code", tree("count(DISTINCT day)").as_("days"), tree("max(day)").as_("last"))
        .from_(lines.copy().subquery("l"))
        .where(tree("code <> 0"))
        .group_by("person", "code")
    )
    texts = exp.select("code", tree("min(text)").as_("text")).from_(
        _joined([_texts(source) for source in sources]).subquery("w")
    )
    first = exp.Window(
        this=exp.func("row_number"),
        partition_by=[exp.column("person", table="i")],
        order=exp.Order(expressions=[exp.Ordered(this=tree("i.days"), desc=True), tree("i.last"), tree("t.text")]),
    )
    due = (
        exp.select(exp.column("person", table="i").as_("person"), "t.text", first.as_("place"))
        .from_(items.subquery("i"))
        .join(people.subquery("p"), on=tree("i.person = p.person"))
        .join(texts.group_by("code").subquery("t"), on=tree("i.code = t.code"))
        .where(tree(":as_of - i.last > p.lately", as_of=as_of))
    )
    return (
        exp.select(tree("people.id").as_("customer_id"), tree("d.text").as_(ITEM))
        .from_(due.subquery("d"))
        .join(table("people"), on=tree("d.person = people.person"))
        .where(tree("d.place = 1"))
        .order_by("customer_id")
    )


def _joined(parts: Sequence[exp.Select]) -> exp.Query:
    return parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)


def _lines(source: CheckedSource, as_of: int) -> exp.Select:
    """What the customers asked for bought: person, day and the code of the item."""
    carried = set(source.mapping.streamed_kinds)
    asked = exp.select("person").from_(table("people").as_("q")).join(table(_ASKED).as_("a"), on=tree("q.id = a.id"))
    return (
        exp.select("person", "day", column("category").as_("code"))
        .from_(table(source.rows))
        .where(used_rows(source, as_of), exp.Not(this=return_flag(carried)), column("person").isin(query=asked))
    )


def _texts(source: CheckedSource) -> exp.Select:
    """Every item of the file by its code."""
    (said,) = (measure.value.inline for measure in source.mapping.measures if measure.name == "category")
    text = tree("nullif(trim(CAST(:x AS VARCHAR)), '')", x=said).as_("text")
    told = exp.select(text).distinct().from_(table(source.raw.relation))
    plain = tree("trim(regexp_replace(text, :blanks, ' ', 'g'))", blanks=r"\s+").as_("text")  # as it can be said
    return exp.select(tree("hash(text)").as_("code"), plain).from_(told.subquery("t")).where(tree("text IS NOT NULL"))
