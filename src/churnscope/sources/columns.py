"""Columns of a file as typed SQL: what a declared type makes of them, and which values it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from churnscope.config.models import Csv
from churnscope.expressions import parse_expression
from churnscope.sources.clocks import Clock, as_wall, read_clock
from churnscope.sources.trees import column, tree

TEXT = "VARCHAR"
_FLOATS = ("FLOAT", "DOUBLE")
_PLAIN_TYPES = ("text", "number", "boolean")
TypeOf = Callable[[exp.Expr, str], str]


@dataclass(frozen=True)
class RawColumn:
    """A column as it was read: the header it had, its name in the raw relation, its type there."""

    header: str
    name: str
    type: str

    @property
    def tree(self) -> exp.Column:
        """The column as SQL."""
        return column(self.name)

    @property
    def present(self) -> exp.Column:
        """The column of the relation in which missing values are NULL and texts trimmed."""
        return column(f"{self.name}_text")


@dataclass(frozen=True)
class Reading:
    """A column read as a declared type: text, number, boolean, or a type of times."""

    raw: RawColumn
    type: str

    @property
    def kind(self) -> str:
        """text, number, boolean or time."""
        return self.type if self.type in _PLAIN_TYPES else "time"

    @property
    def tree(self) -> exp.Column:
        """The column of the relation in which every reading has its type."""
        return column(f"{self.raw.name}_{self.kind}")


@dataclass(frozen=True)
class Value:
    """A mapped expression.

    Parameters
    ----------
    tree : the expression over readings; for an id, over raw columns.
    reads : the readings in it.
    inline : the same over raw columns, to ask for its type.
    plain : whether it is nothing but one column.
    """

    tree: exp.Expr
    reads: tuple[Reading, ...]
    inline: exp.Expr
    plain: bool


@dataclass(frozen=True)
class ColumnReader:
    """Turns the texts of a config into SQL over the raw columns of one source.

    Parameters
    ----------
    columns : header -> raw column.
    types : declared types by header.
    csv : what stands for missing, and the decimal sign.
    zone : time zone of times without offset.
    where : config key of the source, for messages.
    type_of : the type an engine finds for an expression; raises `ConfigError` for one that it cannot bind.
    """

    columns: Mapping[str, RawColumn]
    types: Mapping[str, str]
    csv: Csv
    zone: str
    where: str
    type_of: TypeOf

    def value(self, text: str, key: str, *, default: str = "text") -> Value:
        """The typed value of a mapping.

        Parameters
        ----------
        text : a column, or an expression.
        key : name of the mapping, for messages.
        default : type of a text column that is mapped alone and has no declared type.
        """
        parsed = self._parsed(text, key)
        plain = isinstance(parsed, exp.Column)
        readings = {name: self.reading(name, default if plain else "text") for name in _names(parsed)}
        inline = _filled(parsed, {name: self.typed(reading, self.present(reading.raw)) for name, reading in readings.items()})
        self.type_of(inline, f"{self.where} {key}")
        over = {name: reading.tree for name, reading in readings.items()}
        return Value(_filled(parsed, over), tuple(readings.values()), inline, plain)

    def identity(self, text: str, key: str) -> Value:
        """The text of an id over raw columns: no text stands for a missing one except the empty one."""
        parsed = self._parsed(text, key)
        readings = {name: self.reading(name, "text") for name in _names(parsed)}
        typed = {name: self.typed(reading, _unless_empty(reading.raw)) for name, reading in readings.items()}
        inline = tree("CAST(:x AS VARCHAR)", x=_filled(parsed, typed))
        self.type_of(inline, f"{self.where} {key}")
        return Value(inline, tuple(readings.values()), inline, isinstance(parsed, exp.Column))

    def reading(self, header: str, default: str) -> Reading:
        """How a column is read: as declared; by default only text is read as anything but itself."""
        raw = self.columns[header]
        return Reading(raw, self.types.get(header, default if raw.type == TEXT else "text"))

    def present(self, raw: RawColumn) -> exp.Expr:
        """The raw column, NULL where it is missing; text is trimmed."""
        if raw.type in _FLOATS:
            return tree("CASE WHEN NOT isnan(:x) THEN :x END", x=raw.tree)
        if raw.type != TEXT:
            return raw.tree
        found = tree("trim(:x)", x=raw.tree)
        for missing in self.csv.missing:
            found = tree("nullif(:x, :missing)", x=found, missing=missing.strip())
        return found

    def typed(self, reading: Reading, present: exp.Expr) -> exp.Expr:
        """A present value in its type, NULL where it is not of that type; times are walls in the source's zone."""
        if reading.kind == "text":
            return present
        if reading.kind == "number":
            has_comma = reading.raw.type == TEXT and self.csv.decimal == ","
            return tree("TRY_CAST(:x AS DOUBLE)", x=tree("replace(:x, ',', '.')", x=present) if has_comma else present)
        if reading.kind == "boolean":
            return tree("TRY_CAST(:x AS BOOLEAN)", x=present)
        return as_wall(self.clock(reading, present), self.zone)

    def clock(self, reading: Reading, present: exp.Expr) -> Clock:
        """A present value as a time."""
        return read_clock(present, reading.raw.type, reading.type, f"{self.where}: column {reading.raw.header}")

    def _parsed(self, text: str, key: str) -> exp.Expr:
        return _forgiving(parse_expression(text, where=f"{self.where} {key}", columns=self.columns))


def _names(parsed: exp.Expr) -> list[str]:
    return list(dict.fromkeys(node.name for node in parsed.find_all(exp.Column)))


def _filled(parsed: exp.Expr, parts: Mapping[str, exp.Expr]) -> exp.Expr:
    return parsed.transform(lambda node: parts[node.name].copy() if isinstance(node, exp.Column) else node)


def _unless_empty(raw: RawColumn) -> exp.Expr:
    return tree("nullif(:x, '')", x=raw.tree) if raw.type == TEXT else raw.tree


def _forgiving(parsed: exp.Expr) -> exp.Expr:
    """A CAST that fails would stop the run and print the value: it yields NULL instead, which the contract catches."""
    for node in reversed([node for node in parsed.find_all(exp.Cast) if type(node) is exp.Cast]):
        attempt = exp.TryCast(**node.args)
        if node is parsed:
            return attempt
        node.replace(attempt)
    return parsed


def scaled(value: exp.Expr, resolution: float) -> exp.Expr:
    """Money in whole units of a resolution; halves away from zero."""
    steps = round(1 / resolution)
    if abs(steps * resolution - 1) < 1e-9:
        return tree("TRY_CAST(round(:x * :steps) AS BIGINT)", x=value, steps=steps)
    return tree("TRY_CAST(round(:x / :resolution) AS BIGINT)", x=value, resolution=resolution)
