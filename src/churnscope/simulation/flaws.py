"""What goes wrong between a business and its files: rows known late, without customer, with a broken time, or twice."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churnscope.simulation.business import Flaws

_DAY = 86_400  # seconds


class Row(IntEnum):
    """What a row of a file is."""

    CLEAN = 0
    DUPLICATE = 1
    MISSING_ID = 2
    BAD_TIME = 3


STATE = "row"
"""Column that holds the `Row` of each row until it is written."""


def with_flaws(clean: pa.Table, flaws: Flaws, random: np.random.Generator) -> pa.Table:
    """The log as its files show it: broken copies stand behind their originals, and `known` is there when rows can be late."""
    shown = clean
    if flaws.late_share > 0:
        shown = shown.append_column("known", _known(clean["time"], flaws, random))
    source, kind = _rows_shown(len(clean), flaws, random)
    broken = shown.take(pa.array(source)).append_column(STATE, pa.array(kind))
    return _without(_without(broken, "customer", Row.MISSING_ID), "time", Row.BAD_TIME)


def _known(time: pa.ChunkedArray, flaws: Flaws, random: np.random.Generator) -> pa.ChunkedArray:
    late = random.random(len(time)) < flaws.late_share
    seconds = np.where(late, np.ceil(random.standard_exponential(len(time)) * flaws.late_days * _DAY), 0).astype(np.int64)
    return pc.add(time, pa.array(seconds, pa.duration("s")))


def _rows_shown(n: int, flaws: Flaws, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The clean row behind every row that is shown, and what was done to it."""
    shares = {Row.DUPLICATE: flaws.duplicate_share, Row.MISSING_ID: flaws.missing_id_share, Row.BAD_TIME: flaws.bad_time_share}
    chosen = {kind: np.flatnonzero(random.random(n) < share) for kind, share in shares.items()}
    source = np.concatenate((np.arange(n), *chosen.values()))
    kind = np.repeat(np.array([Row.CLEAN, *shares], dtype=np.int8), [n, *map(len, chosen.values())])
    order = np.lexsort((kind, source))
    return source[order], kind[order]


def _without(table: pa.Table, column: str, kind: Row) -> pa.Table:
    """The table with nulls in one column of the rows of one kind."""
    place = table.schema.get_field_index(column)
    emptied = pc.if_else(pc.equal(table[STATE], pa.scalar(int(kind), pa.int8())), None, table[column])
    return table.set_column(place, column, emptied)
