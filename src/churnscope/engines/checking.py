"""Raw relations -> checked relations: ids numbered, rows judged, counted and, where refused, written to quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import duckdb
import pyarrow as pa
from sqlglot import exp

from churnscope.config.models import Config
from churnscope.engines.queries import create, number, types_of
from churnscope.engines.reading import RawSource, SourcePlan
from churnscope.errors import ConfigError
from churnscope.roles import ROLES
from churnscope.sources.columns import ColumnReader
from churnscope.sources.contract import Breach, Tally, reason_number
from churnscope.sources.mapping import STRAY, TERM_LENGTH, SourceMapping, map_source
from churnscope.sources.parsing import FILE, LINE
from churnscope.sources.rows import Relations, key_rows, mapped_rows
from churnscope.sources.trees import cases, column, table, tree
from churnscope.sources.zones import days_of_instants, days_of_walls, is_utc

_HOUR_US = 3_600_000_000


@dataclass
class CheckedSource:
    """A source whose rows are judged.

    Parameters
    ----------
    number : position in the config; names its relations.
    rows : relation of mapped rows with their verdicts.
    verdicts : relation of the verdicts alone, which need not say whose they are.
    tally : the rows, counted.
    last_plausible : the last day that is no stray.
    breaches : the rules that rows break.
    trimmed : ids that had blanks around them or another Unicode form.
    """

    number: int
    plan: SourcePlan
    raw: RawSource
    mapping: SourceMapping
    rows: str
    verdicts: str
    tally: Tally = field(init=False)
    last_plausible: int | None = None
    trimmed: int = 0
    breaches: list[Breach] = field(default_factory=list)

    @property
    def keys(self) -> str:
        """Name of the relation of ids before they are numbered."""
        return f"keys_{self.number}"

    @property
    def people(self) -> str:
        """Name of the relation (key, rows, person, id_rule)."""
        return f"people_{self.number}"

    def file_name(self, file: int | str) -> str:
        """The name of a file of this source by its number or path in the raw relation."""
        if isinstance(file, int):
            return self.plan.files[file].name
        return {str(item.path): item.name for item in self.plan.files}[file]

    @property
    def is_known_list(self) -> bool:
        """Whether the source says who is a customer, in one row for each."""
        role = ROLES[self.plan.source.role]
        return not role.many_per_customer or (role.is_state and not self.mapping.has_time)


def check_rows(
    connection: duckdb.DuckDBPyConnection, config: Config, sources: Sequence[tuple[SourcePlan, RawSource]]
) -> list[CheckedSource]:
    """Number the customers of all sources and judge every row by its own rules.

    Raises
    ------
    ConfigError : for a mapping that the columns do not allow.
    """
    checked = [_mapped(connection, config, place, plan, raw) for place, (plan, raw) in enumerate(sources)]
    for source in checked:
        create(connection, "TABLE", source.keys, key_rows(source.mapping, source.raw.relation))
    _number_people(connection, checked)
    for source in checked:
        create(connection, "TABLE", source.people, _people_of(source, has_list=any(item.is_known_list for item in checked)))
        trimmed = exp.select(tree("count(*)")).from_(table(source.keys)).where(tree("is_trimmed AND id_rule = 0"))
        source.trimmed = number(connection, trimmed)
        _judge(connection, config, source)
    return checked


def fault_of(source: CheckedSource) -> exp.Expr:
    """The verdict of a row, strays by their distance to the others included."""
    if source.last_plausible is None:
        return column("fault")
    stray = source.mapping.rules.index(STRAY) + 1
    return tree("CASE WHEN fault = 0 AND day > :last THEN :stray ELSE fault END", last=source.last_plausible, stray=stray)


def used_rows(source: CheckedSource, as_of: int) -> exp.Expr:
    """Whether a row counts on the day `as_of`."""
    conditions = [tree("fault = 0"), tree("ignored = 0"), tree("(day IS NULL OR day < :as_of)", as_of=end_day(source, as_of))]
    if source.mapping.has_visible_day:
        conditions.append(tree("coalesce(visible_day <= :as_of, TRUE)", as_of=as_of))  # of no time: known since ever
    return exp.and_(*conditions)


def _mapped(
    connection: duckdb.DuckDBPyConnection, config: Config, place: int, plan: SourcePlan, raw: RawSource
) -> CheckedSource:
    source, where = plan.source, f"[sources.{plan.name}]"
    types = partial(_type_of, connection, raw.relation)
    reader = ColumnReader(raw.columns, source.types, source.csv, source.time_zone or config.time_zone, where, types)
    return CheckedSource(place, plan, raw, map_source(source, reader, config.resolution), f"mapped_{place}", f"mapped_{place}")


def _type_of(connection: duckdb.DuckDBPyConnection, relation: str, expression: exp.Expr, key: str) -> str:
    """The type that the engine gives to an expression over raw columns."""
    try:
        return types_of(connection, exp.select(expression.as_("x")).from_(table(relation)))["x"]
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException) as error:
        problem = str(error).split("\n", maxsplit=1)[0].removeprefix("Binder Error: ")
        raise ConfigError(
            f"{key}: the expression does not fit its columns. {problem}",
            'Columns of a CSV file are text unless declared, as in types = { Price = "number" } under the source.',
        ) from error


def _number_people(connection: duckdb.DuckDBPyConnection, sources: Sequence[CheckedSource]) -> None:
    """`people` (id, person, is_known): every good id of all sources, numbered in the order of its text."""
    ids = [
        exp.select("id", exp.convert(item.is_known_list).as_("is_known")).from_(table(item.keys)).where(tree("id_rule = 0"))
        for item in sources
    ]
    every = ids[0] if len(ids) == 1 else exp.union(*ids, distinct=False)
    once = exp.select("id", tree("bool_or(is_known)").as_("is_known")).from_(every.subquery("i")).group_by("id")
    person = tree("CAST(row_number() OVER (ORDER BY id) - 1 AS INTEGER)").as_("person")
    create(connection, "TABLE", "people", exp.select("id", person, "is_known").from_(once.subquery("o")))


def _people_of(source: CheckedSource, *, has_list: bool) -> exp.Select:
    is_stranger = tree("k.id_rule = 0 AND NOT p.is_known") if has_list else exp.false()
    rule = tree("CAST(CASE WHEN :stranger THEN 4 ELSE k.id_rule END AS UTINYINT)", stranger=is_stranger)
    person = tree("CASE WHEN k.id_rule = 0 THEN p.person END")
    return (
        exp.select("k.key", "k.rows", person.as_("person"), rule.as_("id_rule"))
        .from_(table(source.keys).as_("k"))
        .join(table("people").as_("p"), on=tree("k.id = p.id"), join_type="left")
    )


def _judge(connection: duckdb.DuckDBPyConnection, config: Config, source: CheckedSource) -> None:
    """The relation of mapped rows: a view over Parquet, a table where the rows are copied anyway."""
    zone = source.plan.source.time_zone or config.time_zone
    relations = Relations(
        raw=source.raw.relation,
        keys=source.people,
        walls=_zone_table(connection, walls_of(zone), zone, is_wall=True),
        days=_zone_table(connection, days_of(config.time_zone), config.time_zone, is_wall=False),
    )
    if source.plan.source.rolling:
        _zone_table(connection, walls_of(config.time_zone), config.time_zone, is_wall=True)
    ready_us = round(config.prediction.ready_hours * _HOUR_US)
    rows = mapped_rows(source.mapping, relations, ready_us=ready_us)
    marks = _repeats(source)
    is_copied = source.plan.source.format == "csv"
    if marks:
        create(connection, "TABLE", source.rows, _without_repeats(source, rows, marks))
    elif is_copied:
        create(connection, "TABLE", source.rows, rows)
    else:
        create(connection, "VIEW", source.rows, rows)
        if not number(connection, exp.select(tree("count(*)")).from_(table(source.people)).where(tree("id_rule > 0"))):
            # To judge every row without asking whose it is saves half the time.
            source.verdicts = f"verdicts_{source.number}"
            anonymous = mapped_rows(source.mapping, replace(relations, keys=None), ready_us=ready_us)
            create(connection, "VIEW", source.verdicts, anonymous)


def _repeats(source: CheckedSource) -> dict[str, exp.Expr]:
    """Reason -> which repeated rows it leaves aside: `k` counts them within a file, `n` the same k over files."""
    settings, marks = source.plan.source, {}
    if settings.overlap == "max" and len(source.plan.files) > 1:
        marks["overlap"] = tree("n > 1")
    if settings.duplicates == "drop" or source.is_known_list:
        marks["duplicate"] = tree("k > 1") if marks else tree("k > 1 OR n > 1")
    return marks


def identity(source: CheckedSource) -> list[exp.Expr]:
    """All mapped columns of a row, as they travel."""
    visible = ["visible_day"] if source.mapping.has_visible_day else []
    lengths = [TERM_LENGTH] if source.plan.source.rolling else []
    return [column(name) for name in ("person", "time", *visible, *source.mapping.kinds, *lengths)]


def _without_repeats(source: CheckedSource, judged: exp.Select, marks: dict[str, exp.Expr]) -> exp.Select:
    good, same = tree("fault = 0").as_("is_good"), identity(source)
    k = exp.Window(
        this=exp.func("row_number"),
        partition_by=[*same, column("is_good"), column(FILE)],
        order=exp.Order(expressions=[column(LINE)]),
    )
    n = exp.Window(
        this=exp.func("row_number"),
        partition_by=[*same, column("is_good"), column("k")],
        order=exp.Order(expressions=[column(FILE)]),
    )
    told = exp.select("*", good).from_(judged.subquery("j", copy=False), copy=False)
    counted = exp.select("*", k.as_("k")).from_(told.subquery("t", copy=False), copy=False)
    ranked = exp.select("*", n.as_("n")).from_(counted.subquery("c", copy=False), copy=False)
    repeated = [(tree("is_good AND :holds", holds=holds), reason_number(reason)) for reason, holds in marks.items()]
    ignored = tree("CAST(:x AS UTINYINT)", x=cases(repeated, otherwise=column("ignored")))
    kept = exp.select(tree("* EXCLUDE (is_good, k, n, ignored)"), ignored.as_("ignored"))
    return kept.from_(ranked.subquery("r", copy=False), copy=False)


def _zone_table(connection: duckdb.DuckDBPyConnection, name: str, zone: str, *, is_wall: bool) -> str | None:
    if is_utc(zone):
        return None
    found = days_of_walls(zone) if is_wall else days_of_instants(zone)
    there = exp.select(tree("count(*)")).from_("duckdb_tables()").where(tree("table_name = :name", name=name))
    if not number(connection, there):
        connection.register("arriving", pa.table({key: pa.array(values) for key, values in vars(found).items()}))
        create(connection, "TABLE", name, exp.select("*").from_("arriving"))
        connection.unregister("arriving")
    return name


def walls_of(zone: str) -> str:
    """Name of the relation of a zone's clock changes, from wall time."""
    return f"walls_{zone}"


def days_of(zone: str) -> str:
    """Name of the relation of a zone's clock changes, to wall time."""
    return f"days_{zone}"


def end_day(source: CheckedSource, as_of: int) -> int:
    """The first day that is not read."""
    return as_of if source.last_plausible is None else min(as_of, source.last_plausible + 1)
