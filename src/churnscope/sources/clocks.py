"""Times as they stand in files: ISO text, declared formats, epoch numbers, typed columns, with or without an offset."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from churnscope.errors import InputError
from churnscope.sources.trees import tree

_EPOCHS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000, "epoch_microseconds": 1}
_NAIVE_TYPES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
_ZONED_TYPE = "TIMESTAMP WITH TIME ZONE"
_NAIVE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
_ZONED = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
# A true event of 1970 as epoch number is far rarer than a number in another unit than declared.
FIRST_EPOCH_US = 31_536_000_000_000


@dataclass(frozen=True)
class Clock:
    """A time as it was read.

    Parameters
    ----------
    micros : microseconds since 1970-01-01: UTC where `zoned`, else of the wall; NULL where there is no time.
    zoned : whether the time carries an offset (as an expression, since text may differ from row to row).
    is_epoch : whether it was a number.
    """

    micros: exp.Expr
    zoned: exp.Expr
    is_epoch: bool = False


def read_clock(value: exp.Expr, type_: str, declared: str, where: str) -> Clock:
    """The clock of a value.

    Parameters
    ----------
    value : column or expression, NULL where missing, text trimmed.
    type_ : the engine's type of it.
    declared : the declared type: text or timestamp (both: as the type says, ISO for text), an epoch or a format.
    where : name for messages.

    Raises
    ------
    InputError : when the type is no time and nothing is declared that would make it one.
    """
    if declared in _EPOCHS:
        return Clock(_epoch(value, type_, _EPOCHS[declared]), exp.true(), is_epoch=True)
    if type_ == "VARCHAR":
        return _text_clock(value, declared)
    if type_ == _ZONED_TYPE:
        return Clock(tree("epoch_us(:x)", x=value), exp.true())
    if type_ in _NAIVE_TYPES:
        return Clock(tree("epoch_us(CAST(:x AS TIMESTAMP))", x=value), exp.false())
    raise InputError(
        f"{where} has the type {type_}, which is no time.",
        'Declare it under types: "epoch_seconds", "epoch_milliseconds" or "epoch_microseconds", or write dates to the file.',
    )


def as_wall(clock: Clock, zone: str) -> exp.Expr:
    """A clock as TIMESTAMP of the wall in a zone, for use inside an expression."""
    wall = tree("make_timestamp(:micros)", micros=clock.micros)
    if clock.zoned == exp.false():
        return wall
    shown = tree("timezone(:zone, timezone('UTC', make_timestamp(:micros)))", zone=zone, micros=clock.micros)
    return tree("CASE WHEN :zoned THEN :shown ELSE :wall END", zoned=clock.zoned, shown=shown, wall=wall)


def _text_clock(value: exp.Expr, declared: str) -> Clock:
    if "%" in declared:
        read = tree("try_strptime(:x, :form)", x=value, form=declared)
        return Clock(tree("epoch_us(:x)", x=read), exp.convert("%z" in declared))
    naive = tree("regexp_full_match(:x, :form)", x=value, form=_NAIVE)
    zoned = tree("regexp_full_match(:x, :form)", x=value, form=_ZONED)
    micros = tree(
        "CASE WHEN :naive THEN epoch_us(TRY_CAST(:x AS TIMESTAMP)) WHEN :zoned THEN epoch_us(TRY_CAST(:x AS TIMESTAMPTZ)) END",
        x=value,
        naive=naive,
        zoned=zoned,
    )
    # What is no time at all need not be told apart: it has no microseconds.
    return Clock(micros, tree("coalesce(NOT :naive, FALSE)", naive=naive))


def _epoch(value: exp.Expr, type_: str, factor: int) -> exp.Expr:
    # Text and floats may hold fractions of a second; neither type overflows when it is multiplied.
    is_exact = type_ not in {"VARCHAR", "FLOAT", "DOUBLE"}
    number = tree("TRY_CAST(:x AS HUGEINT)" if is_exact else "TRY_CAST(:x AS DECIMAL(28, 6))", x=value)
    return tree("TRY_CAST(:number * :factor AS BIGINT)", number=number, factor=factor)
