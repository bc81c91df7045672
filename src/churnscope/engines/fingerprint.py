"""What the past of a source looks like, so small that it can be kept, and without a value of anyone."""

from __future__ import annotations

from typing import Final

import duckdb
import pyarrow as pa
from sqlglot import exp

from churnscope.engines.checking import CheckedSource, used_rows
from churnscope.engines.queries import arrow_table
from churnscope.roles import ROLES
from churnscope.sources.trees import column, table, tree
from churnscope.sources.zones import FIRST_DAY

_CELLS_A_DAY = 8
_UNDATED = 1_024  # days before all days, among which the customers of rows without a day are divided
MADE_BY: Final = f"duckdb {duckdb.__version__}, {_CELLS_A_DAY} cells a day, {_UNDATED} before"  # another may hash otherwise
_WHOLE = 1 << 64


def fingerprint(connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int, since: int) -> pa.Table:
    """The used rows of a source by day and an eighth of the customers: their number, and a sum of hashes for each column.

    Parameters
    ----------
    since : rows known only after this day are told apart.

    Returns
    -------
    day, slot, is_new, rows; `key` of customer and time, and for each mapped column `sum <name>` of customer, time and value:
    sums of 64-bit hashes modulo 2^64, which no order of the rows changes. Columns that are told later than the row are left
    out: they are meant to be filled in. Rows that tell of customers since ever stand on days before `FIRST_DAY`.
    """
    later = {item.name for item in ROLES[source.plan.source.role].columns if item.told != "time"}
    measures = [measure.name for measure in source.mapping.measures if measure.name not in later]
    values = {name: column(name) for name in measures} | ({"known": column("visible_day")} if source.mapping.has_known else {})
    is_new = tree("visible_day > :since", since=since) if source.mapping.has_visible_day else exp.false()
    tells_state = bool(ROLES[source.plan.source.role].since)
    group = tree("CAST(person_hash // :cells % :groups AS INTEGER)", cells=_CELLS_A_DAY, groups=_UNDATED)
    since_ever = tree("coalesce(day, :first - 1 - :group)", first=FIRST_DAY, group=group)
    people = exp.select("person", tree("hash(id)").as_("person_hash")).from_(table("people"))
    rows = (
        exp.select(
            (since_ever if tells_state else column("day")).as_("day"),
            tree("hash(person_hash, time)").as_("row_key"),
            is_new.as_("is_new"),
        )
        .select(tree("CAST(person_hash % :cells AS UTINYINT)", cells=_CELLS_A_DAY).as_("slot"), copy=False)
        .select(*(value.as_(f"value {name}", quoted=True) for name, value in values.items()), copy=False)
        .from_(table(source.rows).as_("r"), copy=False)
        .join(people.subquery("p", copy=False), on=tree("r.person = p.person"), join_type="inner", copy=False)
        .where(used_rows(source, as_of), *([] if tells_state else [tree("day IS NOT NULL")]), copy=False)
    )
    sums: dict[str, exp.Expr] = {"key": column("row_key")}
    sums |= {f"sum {name}": tree("hash(row_key, :value)", value=column(f"value {name}")) for name in values}
    query = (
        exp.select("day", "slot", "is_new", tree("count(*)").as_("rows"))
        .select(*(_sum(hashed).as_(name, quoted=True) for name, hashed in sums.items()), copy=False)
        .from_(rows.subquery("k", copy=False), copy=False)
        .group_by("day", "slot", "is_new", copy=False)
        .order_by("day", "slot", "is_new", copy=False)
    )
    return arrow_table(connection, query)


def _sum(hashed: exp.Expr) -> exp.Expr:
    return tree("CAST(sum(:hashed) % :whole AS UBIGINT)", hashed=hashed, whole=_WHOLE)
