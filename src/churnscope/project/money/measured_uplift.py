"""What the offers of a randomised campaign change for each customer, as `uplift` wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.config.models import Action
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.files import file_sha256
from churnscope.levels import Level, named
from churnscope.operations.exports import export, read_export
from churnscope.project.money.uplifted import RETAINED, CampaignFigures

FIGURES = "figures.json"
NEEDED = ("customer_id", "as_of", "value")
ADVICE = "Name uplift.parquet or uplift.csv as churnscope uplift wrote it, with its figures.json beside it."


@dataclass(frozen=True, eq=False)
class MeasuredUplift:
    """Uplift by customer, of those arms that an action is.

    Parameters
    ----------
    ids : of the customers.
    days : of which the rows are, as 2024-02-28.
    value : what an outcome is worth with each customer, in currency.
    uplift : by arm, what its offer changes in the probability of the outcome.
    is_retention : whether the outcome is a customer who stays.
    hashes : of the table and of its figures, by use and name.
    """

    path: Path
    ids: pa.ChunkedArray
    days: list[str]
    value: NDArray[np.float64]
    uplift: Mapping[str, NDArray[np.float64]]
    is_retention: bool
    hashes: Mapping[str, str]

    @classmethod
    def read(cls, path: Path, actions: Mapping[str, Action]) -> MeasuredUplift:
        """Read the table and its figures.

        Raises
        ------
        ConfigError : when no action is an arm of the campaign, or one is an arm that it does not have.
        InputError : when the file is none that `uplift` wrote, or its figures are not beside it.
        """
        export(path)
        figures_path = _beside(path)
        try:
            table, figures = read_export(path), CampaignFigures.from_json(json.loads(figures_path.read_bytes()))
        except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path.name} and {figures_path.name} are not what uplift writes.", ADVICE) from error
        words = {level.name: f"uplift_{word}" for word, level in named([Level(name, 0) for name in figures.arms])}
        missing = [name for name in (*NEEDED, *words.values()) if name not in table.column_names]
        if missing or pc.count_distinct(table.column("customer_id")).as_py() != table.num_rows:
            what = f"has no column {', '.join(missing)}" if missing else "names a customer twice"
            raise InputError(f"{path.name} {what}.", ADVICE)
        asked = _arms(actions, figures)
        return cls(
            path,
            table.column("customer_id").cast(pa.string()),
            sorted({str(day) for day in pc.unique(table.column("as_of")).to_pylist()}),
            _numbers(table, "value"),
            {arm: _numbers(table, words[arm]) for arm in asked},
            figures.outcome == RETAINED,
            {f"uplift: {path.name}": file_sha256(path), f"uplift: {figures_path.name}": file_sha256(figures_path)},
        )


def _beside(path: Path) -> Path:
    """The figures of a table."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.", ADVICE)
    for figures in (path.with_name(f"{path.name}.{FIGURES}"), path.with_name(FIGURES)):
        if figures.is_file():
            return figures
    raise InputError(f"{path.name}: the figures of the campaign are not beside it.", ADVICE)


def _arms(actions: Mapping[str, Action], figures: CampaignFigures) -> list[str]:
    """The arms that an action is."""
    arms = {name: action.arm for name, action in actions.items() if action.arm is not None}
    if not arms:
        there = ", ".join(figures.arms)
        raise ConfigError(
            "No action is an arm of the campaign, so its uplift ranks nothing.",
            f"Say which is which, as [actions.NAME] arm = {json.dumps(figures.arms[0])}. The campaign has: {there}.",
        )
    for name, arm in arms.items():
        if arm not in figures.arms:
            raise ConfigError(f"[actions.{name}] arm: the campaign has no offer {arm!r}.", nearest(arm, figures.arms))
    return list(dict.fromkeys(arms.values()))


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(), np.float64)
