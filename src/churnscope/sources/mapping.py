"""What a source's config makes of its raw columns: customer, clocks, measures, and the rules a row can break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from churnscope.config.attributes import has_history, left_out
from churnscope.config.models import Source
from churnscope.errors import ConfigError
from churnscope.events.block import NO_DAY
from churnscope.roles import ROLES, START, RoleColumn
from churnscope.sources.clocks import FIRST_EPOCH_US, Clock, read_clock
from churnscope.sources.columns import TEXT, ColumnReader, Reading, Value
from churnscope.sources.trees import column, tree
from churnscope.sources.zones import DAY_US, FIRST_DAY, LAST_DAY

# Rules of ids, in the order in which `id_rule` of the keys relation numbers them from 1.
ID_RULES = ("missing_id", "control_character_in_id", "scientific_id", "unknown_customer")
VALID_TO = "valid_to"
NO_MATCH, PLACEHOLDER, STRAY, BACKWARDS = "no_match", "placeholder_date", "stray_date", "before_its_begin"
# Reasons to leave a row aside, numbered from 1 in this order; the first that holds counts.
IGNORED = ("overlap", "duplicate", "where", "no_customer", "after_as_of", "not_known_yet")
LARGEST_MONEY = 1e12
TERM_LENGTH = "term_length"  # of a rolling contract, in its months or days
_MOST_TERM = {"months": 1_200, "days": 36_500}
_CLOCKS = ("time", "known")
_DEFAULT_TYPES = {
    "money": "number",
    "number": "number",
    "flag": "boolean",
    "truth": "boolean",
    "text": "text",
    "date": "timestamp",
}
_REFUSALS = {"number": "not_a_number", "boolean": "not_a_flag", "time": "not_a_date"}
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_INTEGERS, "FLOAT", "DOUBLE")
_ZONED = "TIMESTAMP WITH TIME ZONE"
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", _ZONED)


@dataclass(frozen=True)
class MappedClock:
    """A mapped time: `time`, `known`, or a further one of the role."""

    name: str
    value: Value
    clock: Clock

    @property
    def micros(self) -> exp.Column:
        """Its column of microseconds, as read."""
        return column(f"{self.name}_micros")

    @property
    def zoned(self) -> exp.Column:
        """Its column that says whether the time carries an offset."""
        return column(f"{self.name}_zoned")


@dataclass(frozen=True)
class Measure:
    """A column of the mapped relation beyond customer and time.

    Parameters
    ----------
    name : role column, signal or attribute.
    kind : money, number, flag, truth, text or date.
    value : its typed expression.
    declared : as the role declares it; None for a signal or attribute.
    has_levels : whether its common values are told apart.
    """

    name: str
    kind: str
    value: Value
    declared: RoleColumn | None = None
    has_levels: bool = False

    @property
    def read(self) -> exp.Column:
        """Its column before it is put into the type in which it travels; NULL where missing."""
        return column(f"{self.name}_read")

    @property
    def plain_word(self) -> exp.Expr:
        """A text without what words may differ in."""
        return tree("replace(lower(:x), '-', '')", x=self.read)

    @property
    def plain_words(self) -> tuple[str, ...]:
        """The role's words in the same form, in the order of their codes."""
        return tuple(word.replace("-", "") for word in self.declared.words) if self.declared else ()


@dataclass(frozen=True)
class SourceMapping:
    """A source's mapping, read against the columns that its files have.

    Parameters
    ----------
    source : the config.
    reader : the columns.
    customer : the id before it is normalised, over raw columns.
    clocks : `time`, `known` and the role's further times, as far as they are mapped.
    measures : the other columns and signals.
    where : the condition of the rows that count.
    flaws : rule -> where a row breaks it; the first one counts.
    resolution : the smallest amount of money that counts.
    """

    source: Source
    reader: ColumnReader
    customer: Value
    clocks: tuple[MappedClock, ...]
    measures: tuple[Measure, ...]
    where: Value | None
    resolution: float

    @property
    def readings(self) -> tuple[Reading, ...]:
        """All readings of columns, each once."""
        return tuple({(reading.raw.name, reading.kind): reading for value in self.values for reading in value.reads}.values())

    @property
    def values(self) -> tuple[Value, ...]:
        """All that is read but the customer."""
        measures, where = (item.value for item in self.measures), (self.where,) if self.where else ()
        return (*(item.value for item in self.clocks), *measures, *where)

    @property
    def flaws(self) -> list[tuple[str, exp.Expr]]:
        """Rule -> where a row breaks it, over the relation of values; the first one counts."""
        flaws = [*_reading_flaws(self.readings, self.clocks), *_clock_flaws(self), *_measure_flaws(self.measures)]
        return [*flaws, *_term_flaws(self.source, self.measures)]

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules, numbered from 1, in the order in which they are tried."""
        return (NO_MATCH, *ID_RULES, *(name for name, _ in self.flaws), *(name for name, _ in self.order_flaws))

    @property
    def order_flaws(self) -> list[tuple[str, exp.Expr]]:
        """Rule -> where two times of a row contradict each other, over the relation of local days; tried after `flaws`.

        Days are compared, not instants: one of the two times may be a mere date.
        """
        role = ROLES[self.source.role]
        clocks = [name for name in self.further_clocks if not role.column(name).early]
        later: dict[str, exp.Expr] = {name: column(f"{name}_day") for name in clocks}
        if VALID_TO in self.kinds:
            later[VALID_TO] = tree("nullif(:x, :none)", x=column(VALID_TO), none=NO_DAY)
        return [(f"{BACKWARDS}:{name}", tree(":later < :begin", later=day, begin=column("day"))) for name, day in later.items()]

    @property
    def further_clocks(self) -> tuple[str, ...]:
        """Names of the mapped times beside `time` and `known`."""
        return tuple(item.name for item in self.clocks if item.name not in _CLOCKS)

    @property
    def kinds(self) -> dict[str, str]:
        """Name -> kind of what a row carries beside customer, time and day."""
        clocks = {f"{name}{part}": kind for name in self.further_clocks for part, kind in (("", "time"), ("_day", "day"))}
        return clocks | {measure.name: measure.kind for measure in self.measures if measure.name != TERM_LENGTH}

    @property
    def streamed_kinds(self) -> dict[str, str]:
        """The same of the rows that are streamed: every term of a rolling contract has an end."""
        ends = {"end": "time", "end_day": "day"} if self.source.rolling else {}
        return ends | self.kinds

    @property
    def has_time(self) -> bool:
        """Whether rows have a time."""
        return any(item.name == "time" for item in self.clocks)

    @property
    def has_known(self) -> bool:
        """Whether rows say when they became known."""
        return any(item.name == "known" for item in self.clocks)

    @property
    def has_visible_day(self) -> bool:
        """Whether rows can become known later than the first cutoff after them."""
        return self.has_known or self.source.delay_days > 0

    @property
    def key(self) -> exp.Expr:
        """What a row looks its customer up by: the raw column where the id reads only one, so that each id is made once."""
        reads = self.customer.reads
        return reads[0].raw.tree if len(reads) == 1 else self.customer.tree

    @property
    def id_of_key(self) -> exp.Expr:
        """The id's text from the column `key`, before it is normalised."""
        reads = self.customer.reads
        if len(reads) != 1:
            return column("key")
        return self.customer.tree.transform(lambda node: column("key") if isinstance(node, exp.Column) else node)


def map_source(source: Source, reader: ColumnReader, resolution: float) -> SourceMapping:
    """Read the mapping of a source against the columns that its files have.

    Raises
    ------
    ConfigError : for an expression that does not bind or has another type than its column.
    InputError : for a column of a type that cannot be a time.
    """
    clocks = {name: name for name in (*_CLOCKS, *ROLES[source.role].clocks)}
    if has_history(source):
        clocks["time"] = ROLES[source.role].since
    return SourceMapping(
        source=source,
        reader=reader,
        customer=reader.identity(source.columns["customer"], "columns.customer"),
        clocks=tuple(_mapped_clock(source, reader, name, key) for name, key in clocks.items() if key in source.columns),
        measures=tuple(_measures(source, reader)),
        where=reader.value(source.where, "where") if source.where else None,
        resolution=resolution,
    )


def _mapped_clock(source: Source, reader: ColumnReader, name: str, key: str) -> MappedClock:
    where = f"columns.{ROLES[source.role].key(key)}"
    value = reader.value(source.columns[key], where, default="timestamp")
    if value.plain:
        reading = value.reads[0]
        return MappedClock(name, value, reader.clock(reading, reading.raw.present))
    where = f"{reader.where} {where}"
    return MappedClock(name, value, read_clock(value.tree, reader.type_of(value.inline, where), "timestamp", where))


def _measures(source: Source, reader: ColumnReader) -> Iterator[Measure]:
    unknown_then = left_out(source)
    for name, text in source.columns.items():
        item = ROLES[source.role].column(name)
        if item.kind not in {"id", "time"} and name not in unknown_then:
            value = reader.value(text, f"columns.{name}", default=_DEFAULT_TYPES[item.kind])
            yield Measure(name, item.kind, _dated(reader, value, name) if item.kind == "date" else value, item, item.levels)
    if ROLES[source.role].since and "time" in source.columns:
        yield Measure(
            START, "date", _dated(reader, reader.value(source.columns["time"], "columns.time", default="timestamp"), "time")
        )
    if source.rolling:
        key = f"rolling.{source.rolling.unit}"
        yield Measure(TERM_LENGTH, "number", reader.value(source.rolling.length, key, default="number"))
    for name, text in source.signals.items():
        key = f"signals.{name}"
        value = reader.value(text, key, default="number")
        yield Measure(name, _signal_kind(reader.type_of(value.inline, key), f"{reader.where} {key}"), value)
    for name, text in source.attributes.items():
        if name not in unknown_then:
            yield _attribute(reader, name, text)


def _signal_kind(type_: str, where: str) -> str:
    if type_ == "BOOLEAN":
        return "flag"
    if _is_number(type_):
        return "number"
    raise ConfigError(f"{where} is of type {type_}.", "A signal is a number or a boolean; compare or cast it.")


def _attribute(reader: ColumnReader, name: str, text: str) -> Measure:
    """What is told of a customer: a number, true or false, a date, or else a text whose common values are told apart."""
    key = f"attributes.{name}"
    value = reader.value(text, key)
    type_ = reader.type_of(value.inline, key)
    if type_ == "BOOLEAN":
        return Measure(name, "truth", value)
    if _is_number(type_):
        return Measure(name, "number", value)
    if type_ in _TIMES:
        return Measure(name, "date", _dated(reader, value, name))
    if type_ == TEXT or type_.startswith("ENUM"):
        return Measure(name, "text", value, has_levels=True)
    raise ConfigError(f"{reader.where} {key} is of type {type_}.", "An attribute is a number, a boolean, a date or a text.")


def _is_number(type_: str) -> bool:
    return type_ in _NUMBERS or type_.startswith("DECIMAL")


def _dated(reader: ColumnReader, value: Value, name: str) -> Value:
    """A time as the wall of the source's zone shows it, for its date to be taken."""
    type_ = reader.type_of(value.inline, name)
    if type_ not in _TIMES:
        raise ConfigError(f"{reader.where}: {name} is of type {type_}, which is no date.", "Declare its format under types.")
    parts = (value.tree, value.inline)
    if type_ == _ZONED:
        parts = (
            tree("timezone(:zone, :x)", zone=reader.zone, x=parts[0]),
            tree("timezone(:zone, :x)", zone=reader.zone, x=parts[1]),
        )
    return Value(parts[0], value.reads, parts[1], plain=False)  # not the clock itself, even where it is one, too


def _reading_flaws(readings: tuple[Reading, ...], clocks: tuple[MappedClock, ...]) -> Iterator[tuple[str, exp.Expr]]:
    """Something stands in a column and is not of its type."""
    plain = {item.value.reads[0]: item.micros for item in clocks if item.value.plain}
    for reading in readings:
        if reading.kind != "text":
            read = plain.get(reading, reading.tree)
            broken = tree(":present IS NOT NULL AND :read IS NULL", present=reading.raw.present, read=read)
            yield f"{_REFUSALS[reading.kind]}:{reading.raw.header}", broken


def _clock_flaws(mapping: SourceMapping) -> Iterator[tuple[str, exp.Expr]]:
    required = ("known", *ROLES[mapping.source.role].required)
    for item in mapping.clocks:
        least = FIRST_EPOCH_US if item.clock.is_epoch else FIRST_DAY * DAY_US
        if item.name in required:
            yield f"missing:{ROLES[mapping.source.role].key(item.name)}", tree(":x IS NULL", x=item.micros)
        yield PLACEHOLDER, tree(":x IN (0, :century)", x=item.micros, century=FIRST_DAY * DAY_US)
        yield STRAY, tree(":x < :least OR :x >= :most", x=item.micros, least=least, most=LAST_DAY * DAY_US)


def _measure_flaws(measures: tuple[Measure, ...]) -> Iterator[tuple[str, exp.Expr]]:
    for measure in measures:
        if measure.name == "amount" or (measure.declared and measure.declared.required):
            yield f"missing:{measure.name}", tree(":x IS NULL", x=measure.read)
        if measure.kind in {"money", "number"}:
            yield f"not_finite:{measure.name}", tree("NOT isfinite(:x)", x=measure.read)
        if measure.kind == "money":
            yield f"too_large:{measure.name}", tree("abs(:x) > :most", x=measure.read, most=LARGEST_MONEY)
        if measure.declared and measure.declared.only_words:
            words = exp.Tuple(expressions=[exp.convert(word) for word in measure.plain_words])
            yield f"unknown_word:{measure.name}", exp.Not(this=tree(":x IN :words", x=measure.plain_word, words=words))


def _term_flaws(source: Source, measures: tuple[Measure, ...]) -> Iterator[tuple[str, exp.Expr]]:
    """A term is a whole number of months or days long."""
    for measure in measures:
        if source.rolling and measure.name == TERM_LENGTH:
            most = _MOST_TERM[source.rolling.unit]
            yield TERM_LENGTH, tree("coalesce(:x, 0) < 1 OR :x > :most OR :x <> floor(:x)", x=measure.read, most=most)
