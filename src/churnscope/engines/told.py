"""What a source tells of its customers now, as it stands there: read for a list of names, kept by nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from churnscope.config.models import Config
from churnscope.engines.checking import CheckedSource, check_rows
from churnscope.engines.connection import connected
from churnscope.engines.queries import arrow_table
from churnscope.engines.reading import SourcePlan, read_source
from churnscope.sources.columns import TEXT
from churnscope.sources.parsing import FILE, LINE
from churnscope.sources.trees import column, table, tree

CUSTOMER = "customer_id"
NOES = ("", "no", "n", "false", "f", "0", "off")
_NEWEST = "newest"


def told_of_customers(
    config: Config, name: str, texts: Mapping[str, str], conditions: Mapping[str, str], flags: Mapping[str, str]
) -> tuple[pa.Table, dict[str, str]]:
    """A row per customer of a source: the newest row of each.

    Parameters
    ----------
    name : of a source of the role `customers`.
    texts : name -> a column or an expression, told as text, null where it is missing or empty.
    conditions : name -> a condition, or a column: true where it holds anything but a no. Nothing told counts as no.
    flags : name -> what the role declares as a flag. What cannot be read counts as yes.

    Returns
    -------
    Columns customer_id and those of `texts`, `conditions` and `flags`; and, by name, the SHA-256 of every file read.

    Raises
    ------
    InputError : when a file is refused.
    ConfigError : when an expression does not fit its columns.
    """
    source = config.sources[name]
    kept = {key: text for key, text in source.columns.items() if key in {"customer", "valid_from"}}
    asked = {f"shown_{place}": text for place, text in enumerate((*texts.values(), *conditions.values(), *flags.values()))}
    plan = SourcePlan.of(name, source.model_copy(update={"columns": kept, "attributes": asked, "static": ()}))
    files = [file.path for file in (*plan.files, *plan.joined)]
    size = sum(file.size_bytes for file in (*plan.files, *plan.joined)) if source.format == "csv" else 0
    with connected(config.engine, files, temp=None, size_bytes=size) as connection:
        raw = read_source(connection, plan, "raw_0")
        (checked,) = check_rows(connection, config, [(plan, raw)])
        values = [_text(checked, text, key) for key, text in texts.items()]
        values += [_condition(checked, text, key) for key, text in conditions.items()]
        values += [_flag(checked, text, key) for key, text in flags.items()]
        names = [*texts, *conditions, *flags]
        told = arrow_table(connection, _newest(checked, dict(zip(names, values, strict=True))))
        return told, {f"{name} {number}: {Path(file.path).name}": file.sha256 for number, file in enumerate(raw.facts, start=1)}


def _newest(checked: CheckedSource, values: Mapping[str, exp.Expr]) -> exp.Select:
    """Every good id with the values of its newest row; without a history, of its last one."""
    source, reader = checked.plan.source, checked.mapping.reader
    order = [exp.Ordered(this=column(key), desc=True) for key in (FILE, LINE)]
    if "valid_from" in source.columns:
        since = reader.value(source.columns["valid_from"], "columns.valid_from", default="timestamp").inline
        order.insert(0, exp.Ordered(this=since, desc=True, nulls_first=False))
    newest = exp.Window(
        this=exp.func("row_number"), partition_by=[exp.column("id", table="k")], order=exp.Order(expressions=order)
    )
    rows = (
        exp.select(exp.column("id", table="k").as_(CUSTOMER), newest.as_(_NEWEST))
        .select(*(value.as_(name, quoted=True) for name, value in values.items()))
        .from_(table(checked.raw.relation).as_("r"))
        .join(table(checked.keys).as_("k"), on=tree(":own = k.key", own=checked.mapping.key))
        .where(tree("k.id_rule = 0"))
    )
    if source.where is not None:
        rows = rows.where(reader.value(source.where, "where").inline)
    return (
        exp.select(CUSTOMER, *(column(name) for name in values))
        .from_(rows.subquery("t"))
        .where(tree(":place = 1", place=column(_NEWEST)))
    )


def _text(checked: CheckedSource, text: str, key: str) -> exp.Expr:
    inline = checked.mapping.reader.value(text, f"[call_list] show.{key}").inline
    return tree("nullif(trim(CAST(:x AS VARCHAR)), '')", x=inline)


def _condition(checked: CheckedSource, text: str, key: str) -> exp.Expr:
    reader = checked.mapping.reader
    value = reader.value(text, key)
    if reader.type_of(value.inline, key) == "BOOLEAN":
        return tree("coalesce(:x, FALSE)", x=value.inline)
    if reader.type_of(value.inline, key) == TEXT:
        noes = exp.Tuple(expressions=[exp.convert(word) for word in NOES])
        return tree("lower(coalesce(trim(:x), '')) NOT IN :noes", x=value.inline, noes=noes)
    return tree(
        "coalesce(:x <> 0, FALSE)" if _is_number(reader.type_of(value.inline, key)) else ":x IS NOT NULL", x=value.inline
    )


def _flag(checked: CheckedSource, text: str, key: str) -> exp.Expr:
    """True where it is true, and where something stands there that is neither true nor false."""
    reader = checked.mapping.reader
    read = reader.value(text, f"columns.{key}", default="boolean").inline
    if reader.type_of(read, key) != "BOOLEAN":
        return _condition(checked, text, f"columns.{key}")
    written = reader.value(text, f"columns.{key}", default="text").inline
    return tree("coalesce(:read, :written IS NOT NULL)", read=read, written=written)


def _is_number(type_: str) -> bool:
    return type_.startswith(("DECIMAL", "U")) or type_.endswith("INT") or type_ in {"INTEGER", "FLOAT", "DOUBLE"}
