"""The score table: for every customer on a day, how likely they are to leave, how that compares, and why.

Pure: snapshots and a predictor in, a table out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.languages import ENGLISH, Language, Message
from churnscope.lifecycle.spells import STAGES, UNKNOWN, Standing
from churnscope.model.predictor import Predictor
from churnscope.model.profile import Profile
from churnscope.model.reasons import Messages, Texts, in_words, messages
from churnscope.snapshots import ACTIVE, INACTIVE, NO_HISTORY, NOT_DUE, ScoringRows, SnapshotTable
from churnscope.snapshots.table import Features
from churnscope.timeline import date_of

MOST_REASONS = 3
REASONS, SAID = ("reason_1", "reason_2", "reason_3"), ("said_1", "said_2", "said_3")
ROWS_AT_ONCE = 1 << 16  # contributions are wide: a part of the customers at a time
BAND_WITHOUT_SCORE = {NO_HISTORY: "no_history", NOT_DUE: "not_due", INACTIVE: "cannot_tell"}
NOT_DUE_NOW = "not due: no term of theirs ends in the days that are looked at"
NO_EVENT_YET = "no event that counts as activity so far"
ALREADY_INACTIVE = "already inactive: last active {days:.0f} days ago"
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@dataclass(frozen=True)
class ScoreStamp:
    """What is the same on every row: the day, the model, the run."""

    as_of: int
    model_version: str
    run_id: str


@dataclass(frozen=True)
class Bands:
    """Probabilities at which the risk is called high, and below which it is called low.

    Examples
    --------
    >>> Bands.around(0.3).name(np.array([0.1, 0.3, 0.6])).tolist()
    ['low', 'medium', 'high']
    """

    high: float
    low: float

    @classmethod
    def around(cls, base_rate: float, break_even: float | None = None) -> Bands:
        """High from where a contact pays, or from twice the base rate where nothing is said of money; low below half of it.

        Where twice the base rate is no probability, high begins halfway between the base rate and certainty. What is high is
        never low too.

        Parameters
        ----------
        break_even : churn probability from which a contact pays.
        """
        twice = 2 * base_rate if base_rate < 0.5 else (1 + base_rate) / 2
        high = twice if break_even is None else break_even
        return cls(high=high, low=min(high, base_rate / 2))

    def name(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """`high`, `medium` or `low` for each probability."""
        return np.where(probability >= self.high, "high", np.where(probability < self.low, "low", "medium"))


def score_table(
    ids: NDArray[np.object_],
    rows: ScoringRows,
    predictor: Predictor,
    bands: Bands,
    stamp: ScoreStamp,
    *,
    usual: Profile | None = None,
    inactive_too: bool = False,
    language: Language = ENGLISH,
    progress: Callable[[int], None] = lambda _done: None,
) -> pa.Table:
    """Every active customer by falling risk, then those without history, then, where asked for, those already inactive.

    Parameters
    ----------
    ids : shape (n_customers,), by dense code.
    rows : features of the active customers and the status of all.
    usual : how the customers the model learned from were distributed; the reasons tell what sets a customer apart.
    inactive_too : list customers who are not active any more, and those whose term ends at another time; they have no
        probability.
    language : of the reasons.
    progress : told the customers explained so far.

    Returns
    -------
    Columns customer_id, as_of, churn_probability, risk_decile (1 the riskiest tenth), risk_band, reason_1 to reason_3, a flag
    for every type of customers that the sources tell, stage, stage_since and previous_stage of the life cycle, model_version,
    run_id, and said_1 to said_3: the reasons before any language says them, each a `Message` as JSON. Probability and decile
    are null outside the active.
    """
    table = rows.table
    probability = predictor.predict(table.features, stamp.as_of)
    order = risk_order(probability, ids[table.customer])
    why = _reasons(predictor, table.features, order, usual, progress)
    listed = [NO_HISTORY, NOT_DUE, INACTIVE] if inactive_too else [NO_HISTORY]
    others = np.concatenate([np.flatnonzero(rows.status == status) for status in listed])
    n, n_others = len(order), len(others)
    listed_rows = np.concatenate([table.customer[order], others])
    told = np.concatenate([why, *(_state(rows, code) for code in others)])
    texts = in_words(told, language)
    columns = {
        "customer_id": pa.array(ids[listed_rows], pa.string()),
        "as_of": pa.repeat(pa.scalar(date_of(stamp.as_of)), n + n_others),
        "churn_probability": _then_null(probability[order], n_others, pa.float64()),
        "risk_decile": _then_null(deciles(n), n_others, pa.int8()),
        "risk_band": pa.array(
            [*bands.name(probability[order]), *(BAND_WITHOUT_SCORE[status] for status in rows.status[others])]
        ),
        **{name: _as_texts(texts[:, i], told[:, i], n) for i, name in enumerate(REASONS)},
        **{name: pa.array(flags[listed_rows]) for name, flags in rows.types.items()},
        **({} if rows.standing is None else _stages(rows.standing, listed_rows)),
        "model_version": pa.repeat(stamp.model_version, n + n_others),
        "run_id": pa.repeat(stamp.run_id, n + n_others),
        **{name: _as_json(told[:, i]) for i, name in enumerate(SAID)},
    }
    return pa.table(columns)


def contribution_tables(ids: NDArray[np.object_], table: SnapshotTable, predictor: Predictor, as_of: int) -> Iterator[pa.Table]:
    """What every feature adds to the log-odds of every scored customer, in the order and the pieces of the score table.

    Parameters
    ----------
    ids : shape (n_customers,), by dense code.
    table : features of the active customers.

    Yields
    ------
    Columns customer_id, one per feature, base_log_odds and calibration_log_odds. The features and the base, which is the same
    for everybody, sum to the log-odds of the model; with what the calibration adds to these, to the log-odds of
    churn_probability. One piece at least, without rows where nobody is active.
    """
    order = risk_order(predictor.predict(table.features, as_of), ids[table.customer])
    names = ["customer_id", *(spec.name for spec in predictor.specs), "base_log_odds", "calibration_log_odds"]
    for low in range(0, max(len(order), 1), ROWS_AT_ONCE):
        rows = order[low : low + ROWS_AT_ONCE]
        phi, margin = predictor.contributions(table.features[rows]), predictor.scorer.margin(table.features[rows])
        calibration = predictor.calibration.log_odds(margin, as_of) - margin
        columns = [pa.array(ids[table.customer[rows]], pa.string()), *map(pa.array, phi.T), pa.array(calibration)]
        yield pa.Table.from_arrays(columns, names)


def state_counts(table: pa.Table, rows: ScoringRows) -> dict[str, int]:
    """Customers by state, and active ones by band."""
    bands = dict(zip(*np.unique(table.column("risk_band").to_numpy(), return_counts=True), strict=True))
    states = {"active": ACTIVE, "inactive": INACTIVE, "no_history": NO_HISTORY}
    states |= {"not_due": NOT_DUE} if (rows.status == NOT_DUE).any() else {}
    by_state = {name: int((rows.status == status).sum()) for name, status in states.items()}
    return by_state | {band: int(bands.get(band, 0)) for band in ("high", "medium", "low")}


def risk_order(probability: NDArray[np.float64], ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Positions by falling probability; ties by a hash of the id, so that no id's spelling is favoured."""
    return np.lexsort((id_hashes(ids), -probability))


def deciles(n: int) -> NDArray[np.int64]:
    """The tenth each of `n` customers in falling order of risk belongs to, 1 the riskiest.

    Examples
    --------
    >>> deciles(5).tolist()
    [1, 3, 5, 7, 9]
    """
    return np.arange(n) * 10 // max(n, 1) + 1


def id_hashes(ids: NDArray[np.object_]) -> NDArray[np.uint64]:
    """A 64-bit hash of each id's UTF-8 bytes, the same on every machine and beside any other ids.

    References
    ----------
    Fowler, Noll, Vo: the FNV-1a hash.

    Examples
    --------
    >>> [hex(value) for value in id_hashes(np.array(["a", "foobar"], object)).tolist()]
    ['0xaf63dc4c8601ec8c', '0x85944171f73967e8']
    """
    if not len(ids):
        return np.empty(0, np.uint64)
    encoded = np.char.encode(ids.astype(np.str_), "utf-8")
    letters = encoded.view(np.uint8).reshape(len(ids), -1)
    hashes = np.full(len(ids), _FNV_OFFSET)
    for letter in letters.T:
        hashes = np.where(letter == 0, hashes, (hashes ^ letter) * _FNV_PRIME)  # zeros pad shorter ids
    return hashes


def _stages(standing: Standing, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
    """The stage of the life cycle, since when, and the one before it; null where there is none."""
    stage, entered, previous = standing.stage[rows], standing.entered[rows], standing.previous[rows]
    return {
        "stage": stage_names(stage),
        "stage_since": pa.array(entered, pa.int32(), mask=stage == UNKNOWN).cast(pa.date32()),
        "previous_stage": stage_names(previous),
    }


def stage_names(codes: NDArray[np.int8]) -> pa.Array:
    """Stages by name, null where nothing is known."""
    indices = pa.array(codes.astype(np.int8), mask=codes == UNKNOWN)
    return pa.DictionaryArray.from_arrays(indices, pa.array(STAGES)).cast(pa.string())


def _reasons(
    predictor: Predictor, features: Features, order: NDArray[np.int64], usual: Profile | None, progress: Callable[[int], None]
) -> Messages:
    specs: tuple[FeatureSpec, ...] = predictor.specs
    told: list[Messages] = [np.empty((0, MOST_REASONS), object)]
    for low in range(0, len(order), ROWS_AT_ONCE):
        part = features[order[low : low + ROWS_AT_ONCE]]
        told.append(messages(predictor.contributions(part), part, specs, MOST_REASONS, usual=usual))
        progress(low + len(part))
    return np.concatenate(told)


def _state(rows: ScoringRows, code: int) -> Messages:
    """What is told of a customer who has no score, shape (1, 3)."""
    days = rows.days_since_last_event[code]
    if rows.status[code] == NOT_DUE:
        said = Message(NOT_DUE_NOW)
    elif np.isnan(days):
        said = Message(NO_EVENT_YET)
    else:
        said = Message(ALREADY_INACTIVE, {"days": float(days)})
    return np.array([[said, None, None]], object)


def _as_texts(texts: Texts, told: Messages, n_scored: int) -> pa.Array:
    """Reasons in words; of a scored customer who has fewer the others are empty, of anybody else they are null."""
    is_null = [row >= n_scored and message is None for row, message in enumerate(told.tolist())]
    return pa.array(texts, pa.string(), mask=np.array(is_null, np.bool_))


def _as_json(told: Messages) -> pa.Array:
    """Messages as JSON, null where there is none; one that stands at many places is written once."""
    written = {id(message): message.to_json() for message in told.tolist() if message is not None}
    return pa.array([written.get(id(message)) for message in told.tolist()], pa.string())


def _then_null(values: NDArray[np.float64] | NDArray[np.int64], nulls: int, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind), pa.nulls(nulls, kind)], kind)
