"""SQL as trees: a template with named places, each filled with a tree or a constant, never with text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sqlglot
from sqlglot import exp

from churnscope.expressions import DIALECT

Part = exp.Expr | str | int | float | bool | None


def tree(template: str, **parts: Part) -> exp.Expr:
    """The expression of a template, every `:name` replaced by the part of that name.

    A plain value becomes a literal. Templates are constants of the program; whatever comes from a config or a file is a part.

    Examples
    --------
    >>> tree("coalesce(:x, 0) > :least", x=exp.column("amount"), least=5).sql("duckdb")
    'COALESCE(amount, 0) > 5'
    """
    filled = {name: _grouped(part) if isinstance(part, exp.Expr) else exp.convert(part) for name, part in parts.items()}
    found = _parsed(template).copy()
    for place in list(found.find_all(exp.Placeholder)):
        part = filled[place.name].copy()
        if place is found:
            return part
        place.replace(part)
    return found


def cases(branches: Iterable[tuple[exp.Expr, int]], *, otherwise: exp.Expr) -> exp.Expr:
    """The number of the first branch whose condition holds."""
    ifs = [exp.If(this=condition, true=exp.convert(number)) for condition, number in branches]
    return exp.Case(ifs=ifs, default=otherwise) if ifs else otherwise


def column(name: str) -> exp.Column:
    """A quoted column of this name."""
    return exp.column(name, quoted=True)


def table(name: str) -> exp.Table:
    """A quoted table of this name."""
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def sql(query: exp.Expr) -> str:
    """The text that DuckDB runs."""
    return query.sql(DIALECT, copy=False)


@lru_cache(maxsize=256)
def _parsed(template: str) -> exp.Expr:
    return sqlglot.parse_one(template, dialect=DIALECT)


def _grouped(part: exp.Expr) -> exp.Expr:
    """An operator in parentheses, so that it keeps its meaning wherever it is put."""
    return exp.paren(part, copy=False) if isinstance(part, (exp.Binary, exp.Unary, exp.Between, exp.In)) else part
