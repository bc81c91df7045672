"""Numbers that count customers instead of telling of them: a row number, a customer number."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import exp

from churnscope.config.models import Config
from churnscope.engines.blocks import RoleRows
from churnscope.engines.checking import CheckedSource, used_rows
from churnscope.engines.queries import rows_of
from churnscope.roles import ROLES
from churnscope.sources.trees import column, table, tree

FEWEST = 100  # customers: among fewer, ages may all differ


def identifiers(
    connection: duckdb.DuckDBPyConnection, config: Config, roles: Mapping[str, RoleRows], as_of: int
) -> dict[str, frozenset[str]]:
    """Role -> columns of a flat file that hold another whole number for every customer.

    Where the config names the attributes, none is left out.
    """
    flat = {role: rows for role, rows in roles.items() if ROLES[role].is_state and config.flat and not config.flat.attributes}
    found = {
        role: frozenset(
            measure.name
            for source in rows.sources
            for measure in source.mapping.measures
            if measure.kind == "number" and _tells_who(connection, source, measure.name, as_of)
        )
        for role, rows in flat.items()
    }
    return {role: names for role, names in found.items() if names}


def _tells_who(connection: duckdb.DuckDBPyConnection, source: CheckedSource, name: str, as_of: int) -> bool:
    value = column(name)
    told = ("count(DISTINCT person)", "count(DISTINCT :x)", "count(DISTINCT (person, :x))", "bool_and(:x = floor(:x))")
    query = exp.select(*(tree(each, x=value) for each in told)).from_(table(source.rows))
    known = tree("NOT isnan(:x)", x=value)
    customers, values, pairs, is_whole = rows_of(connection, query.where(used_rows(source, as_of), known))[0]
    return bool(is_whole) and customers >= FEWEST and customers == values == pairs
