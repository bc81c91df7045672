"""What a saved model answers inside MLflow: a table with the features of its catalogue in, probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import InputError, nearest
from churnscope.model.bundle import Bundle, read_bundle

if TYPE_CHECKING:
    import pandas as pd

PROBABILITY = "churn_probability"
CUTOFF = "cutoff"
CONTRIBUTION = "contribution_"
EXPECTED = "contribution_expected"


def load(folder: str) -> Bundle:
    """The bundle in a folder, verified.

    Raises
    ------
    ModelError : when it is damaged, or not of this version.
    """
    return read_bundle(Path(folder))


def predict(bundle: Bundle, table: pd.DataFrame, *, contributions: bool = False) -> pd.DataFrame:
    """The probability of churn, a row for a row.

    Parameters
    ----------
    table : a column of numbers for every feature of the catalogue, by name, in any order, NaN for missing, and maybe `cutoff`,
        the local day the features are of; without it, or where it is missing, the first day the model did not read. Other
        columns are not looked at.
    contributions : add what every feature adds to the log-odds before calibration, and the mean they are counted from.

    Raises
    ------
    InputError : when a feature has no column.
    """
    import pandas as pd

    names = [spec.name for spec in bundle.specs]
    _refuse_missing(names, list(table.columns))
    features = table[names].to_numpy(np.float32, na_value=np.nan)
    answer = {PROBABILITY: bundle.final.predict(features, _cutoffs(bundle, table))}
    if contributions:
        added = bundle.final.contributions(features)
        answer |= {f"{CONTRIBUTION}{name}": added[:, place] for place, name in enumerate(names)} | {EXPECTED: added[:, -1]}
    return pd.DataFrame(answer, index=table.index)


def _refuse_missing(names: Sequence[str], columns: Sequence[str]) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        more = f" and {len(missing) - 1} more features" if len(missing) > 1 else ""
        raise InputError(f"The table has no column {missing[0]!r}{more}.", nearest(missing[0], map(str, columns)))


def _cutoffs(bundle: Bundle, table: pd.DataFrame) -> NDArray[np.int32]:
    """The day number of every row."""
    days = np.full(len(table), bundle.as_of, np.int32)
    if CUTOFF in table.columns:
        given = table[CUTOFF].to_numpy("datetime64[D]")
        known = ~np.isnat(given)
        days[known] = given[known].astype(np.int64)
    return days
