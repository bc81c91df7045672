"""The sets of scores that earlier runs wrote, by day, as alerts read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.alerts.on_scores import ScoreSet
from churnscope.config.alerts import BAND, EVERYBODY
from churnscope.config.models import Config
from churnscope.errors import InputError
from churnscope.files import file_sha256
from churnscope.operations.exports import read_export
from churnscope.project.money.list_inputs import Scores, if_kept
from churnscope.project.session import Folders
from churnscope.timeline import date_of, day_number

SCORES, VALUES = "scores.parquet", "value.parquet"


@dataclass(frozen=True)
class ScoreFiles:
    """The files of scores and values, by the number of their day.

    Parameters
    ----------
    scores : of every day up to the one asked for.
    values : of these, too; where there are none, the config's one value counts.
    """

    scores: Mapping[int, Path]
    values: Mapping[int, Path]

    @classmethod
    def of(cls, folders: Folders, as_of: int, named: Path | None) -> ScoreFiles:
        """Those of the outputs folder, and the one that is named.

        Raises
        ------
        InputError : when the named file holds no scores, or those of a later day.
        """
        scores = _by_day(folders.outputs / "scores", SCORES, as_of)
        if named is not None:
            day = Scores.read(named).as_of
            if day > as_of:
                raise InputError(
                    f"{named.name} holds scores of {date_of(day)}, after {date_of(as_of)}.",
                    "Name older scores, or a later --as-of.",
                )
            scores[day] = named
        return cls(dict(sorted(scores.items())), _by_day(folders.outputs / "value", VALUES, as_of))

    def since(self, day: int) -> ScoreFiles:
        """Those from a day on, and the newest set of scores before it."""
        before = [each for each in self.scores if each < day]
        first = max(before, default=day)
        return ScoreFiles({each: path for each, path in self.scores.items() if each >= first}, self.values)

    def newest(self) -> ScoreFiles:
        """The newest set of scores alone."""
        return self.since(max(self.scores) + 1) if self.scores else self

    def hashes(self) -> dict[str, str]:
        """Of all that is read, for the manifest."""
        used = {self._worth(day) for day in self.scores} - {None}
        named = {f"scores {date_of(day)}: {path.name}": path for day, path in self.scores.items()}
        named |= {f"values {date_of(day)}: {path.name}": path for day, path in self.values.items() if day in used}
        return {name: file_sha256(path) for name, path in named.items()}

    def read(self, config: Config, ids: NDArray[np.object_]) -> list[ScoreSet]:
        """The sets by day, for the customers of these ids.

        Raises
        ------
        InputError : when a file is none of scores or values.
        """
        place = pa.array(ids, pa.string())
        return [self._set(config, day, path, place) for day, path in self.scores.items()]

    def _set(self, config: Config, day: int, path: Path, ids: pa.Array) -> ScoreSet:
        scores = Scores.read(path)
        at = _places(scores.table.column("customer_id"), ids)
        probability = _spread(scores.probability, at, len(ids))
        bands = scores.table.column(BAND).to_pylist()
        flags = {EVERYBODY: np.ones(len(at), np.bool_)} | scores.flags
        groups = {name: _spread(flag.astype(np.float64), at, len(ids)) == 1 for name, flag in flags.items()}
        high = _spread(np.array([band == "high" for band in bands], np.float64), at, len(ids)) == 1
        return ScoreSet(day, probability, high, self._values(config, day, ids), groups)

    def _values(self, config: Config, day: int, ids: pa.Array) -> NDArray[np.float64]:
        """What each customer is worth who stays, by the newest values of the day or before, else the config's one."""
        of = self._worth(day)
        if of is None:
            one = None if config.profit is None else config.profit.one_value
            return np.full(len(ids), np.nan if one is None else one)
        table = read_export(self.values[of])
        at = _places(table.column("customer_id").cast(pa.string()), ids)
        return _spread(if_kept(table), at, len(ids))

    def _worth(self, day: int) -> int | None:
        return max((each for each in self.values if each <= day), default=None)


def _by_day(folder: Path, name: str, as_of: int) -> dict[int, Path]:
    """The files of days such as 2024-02-28, up to one."""
    found = {day_number(date.fromisoformat(path.parent.name)): path for path in folder.glob(f"????-??-??/{name}")}
    return {day: path for day, path in sorted(found.items()) if day <= as_of}


def _places(names: pa.ChunkedArray, ids: pa.Array) -> NDArray[np.int64]:
    """The number of each customer, -1 for one who is in no source any more."""
    return np.asarray(pc.fill_null(pc.index_in(names, value_set=ids), -1).to_numpy(), np.int64)


def _spread(values: NDArray[np.float64], at: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Values by the customers' numbers, NaN for those without."""
    answer = np.full(n, np.nan)
    answer[at[at >= 0]] = values[at >= 0]
    return answer
