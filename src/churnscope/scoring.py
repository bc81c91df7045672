"""The score table: for every customer on a day, how likely they are to leave, or to come back, how that compares, and why.

Pure: snapshots and a predictor in, a table out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.languages import ENGLISH, Language, Message
from churnscope.lifecycle.spells import STAGES, UNKNOWN, Standing
from churnscope.model.predictor import Predictor
from churnscope.model.profile import Profile
from churnscope.model.reasons import Messages, messages
from churnscope.snapshots import ACTIVE, INACTIVE, LONG_GONE, NO_HISTORY, NOT_DUE, ScoringRows, SnapshotTable
from churnscope.snapshots.table import Features
from churnscope.timeline import date_of

MOST_REASONS = 3
REASONS, SAID = ("reason_1", "reason_2", "reason_3"), ("said_1", "said_2", "said_3")
ROWS_AT_ONCE = 1 << 16  # contributions are wide: a part of the customers at a time
BAND_WITHOUT_SCORE = {NO_HISTORY: "no_history", NOT_DUE: "not_due", INACTIVE: "cannot_tell"}
NOT_DUE_NOW = "not due: no term of theirs ends in the days that are looked at"
NO_EVENT_YET = "no event that counts as activity so far"
ALREADY_INACTIVE = "already inactive: last active {days:.0f} days ago"
STILL_ACTIVE = "still active"
_FNV_OFFSET, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@dataclass(frozen=True)
class Asked:
    """What is asked of customers, in the words of a score table.

    Parameters
    ----------
    probability, decile, band : names of the columns.
    bands : of a high, a medium and a low probability.
    listed : the status of the customers who have a probability.
    others : that of those who can be listed too, where all are asked for, and what stands in the place of their band.
    """

    probability: str
    decile: str
    band: str
    bands: tuple[str, str, str]
    listed: int
    others: Mapping[int, str]

    @property
    def is_of_return(self) -> bool:
        """Whether it is asked who comes back."""
        return self.listed == INACTIVE


WHO_LEAVES = Asked("churn_probability", "risk_decile", "risk_band", ("high", "medium", "low"), ACTIVE, BAND_WITHOUT_SCORE)
WHO_RETURNS = Asked(
    "reactivation_probability",
    "return_decile",
    "return_band",
    ("likely", "possible", "unlikely"),
    INACTIVE,
    {LONG_GONE: "long_gone", ACTIVE: "active", NO_HISTORY: "no_history"},
)
EXPECTED_VALUE = "expected_value"  # of winning a customer back: the chance of a return times what one who is back is worth


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

    def name(
        self, probability: NDArray[np.float64], names: tuple[str, str, str] = ("high", "medium", "low")
    ) -> NDArray[np.str_]:
        """`high`, `medium` or `low`, or other names for these, for each probability."""
        high, medium, low = names
        return np.where(probability >= self.high, high, np.where(probability < self.low, low, medium))


def score_table(
    ids: NDArray[np.object_],
    rows: ScoringRows,
    predictor: Predictor,
    bands: Bands,
    stamp: ScoreStamp,
    *,
    usual: Profile | None = None,
    asked: Asked = WHO_LEAVES,
    worth: NDArray[np.float64] | None = None,
    all_too: bool = False,
    language: Language = ENGLISH,
    progress: Callable[[int], None] = lambda _done: None,
) -> pa.Table:
    """Every customer of the population by falling risk, then, of who leaves, those without history, and others if asked for.

    Parameters
    ----------
    ids : shape (n_customers,), by dense code.
    rows : features of the population and the status of all.
    usual : how the customers the model learned from were distributed; the reasons tell what sets a customer apart.
    asked : who leaves, or who comes back.
    worth : shape (n_customers,), what a customer who comes back is worth, NaN where it is not known; the column
        `expected_value` is that times the probability, and the order by it. None: there is no such column.
    all_too : list customers too who are not asked about, such as those already inactive; they have no probability.
    language : of the reasons.
    progress : told the customers explained so far.

    Returns
    -------
    Columns customer_id, as_of, probability, decile (1 the tenth of the highest probability) and band by the names they have
    where it is asked who leaves or comes back, reason_1 to reason_3, a flag for every type of customers that the sources
    tell, stage, stage_since and previous_stage of the life cycle, model_version, run_id, and said_1 to said_3: the reasons
    before any language says them, each a `Message` as JSON. Probability and decile are null outside the population.
    """
    table = rows.table
    probability = predictor.predict(table.features, stamp.as_of)
    by_risk = risk_order(probability, ids[table.customer])
    n = len(by_risk)
    decile = np.empty(n, np.int64)
    decile[by_risk] = deciles(n)
    expected = None if worth is None else probability * worth[table.customer]
    order = by_risk if expected is None else risk_order(np.nan_to_num(expected, nan=-1.0), ids[table.customer])
    why = _reasons(
        predictor, table.features, order, usual=usual, language=language, progress=progress, of_return=asked.is_of_return
    )
    always = () if asked.is_of_return else (NO_HISTORY,)
    listed = tuple(asked.others) if all_too else always
    others = np.concatenate([np.empty(0, np.int64), *(np.flatnonzero(rows.status == status) for status in listed)])
    n_others = len(others)
    listed_rows = np.concatenate([table.customer[order], others])
    states = np.array([[_state(rows, code), None, None] for code in others], object).reshape(n_others, MOST_REASONS)
    told = [*why, _told(states, language, none=None)]
    columns = {
        "customer_id": pa.array(ids[listed_rows], pa.string()),
        "as_of": pa.repeat(pa.scalar(date_of(stamp.as_of)), n + n_others),
        asked.probability: _then_null(probability[order], n_others, pa.float64()),
        asked.decile: _then_null(decile[order], n_others, pa.int8()),
        asked.band: pa.array(
            [
                *bands.name(probability[order], asked.bands),
                *(asked.others[status] for status in rows.status[others]),
            ],
            pa.string(),
        ),
        **({} if expected is None else {EXPECTED_VALUE: _money_then_null(expected[order], n_others)}),
        **{name: pa.chunked_array([part[name] for part in told], pa.string()) for name in REASONS},
        **{name: pa.array(flags[listed_rows]) for name, flags in rows.types.items()},
        **({} if rows.standing is None else _stages(rows.standing, listed_rows)),
        "model_version": pa.repeat(stamp.model_version, n + n_others),
        "run_id": pa.repeat(stamp.run_id, n + n_others),
        **{name: pa.chunked_array([part[name] for part in told], pa.string()) for name in SAID},
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


def state_counts(table: pa.Table, rows: ScoringRows, asked: Asked = WHO_LEAVES) -> dict[str, int]:
    """Customers by state, and those who have a probability by band."""
    bands = dict(zip(*np.unique(table.column(asked.band).to_numpy(zero_copy_only=False), return_counts=True), strict=True))
    states = {"active": ACTIVE, "inactive": INACTIVE, "no_history": NO_HISTORY}
    states |= {"not_due": NOT_DUE} if (rows.status == NOT_DUE).any() else {}
    states |= {"long_gone": LONG_GONE} if (rows.status == LONG_GONE).any() else {}
    by_state = {name: int((rows.status == status).sum()) for name, status in states.items()}
    return by_state | {band: int(bands.get(band, 0)) for band in asked.bands}


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
    predictor: Predictor,
    features: Features,
    order: NDArray[np.int64],
    *,
    usual: Profile | None,
    language: Language,
    progress: Callable[[int], None],
    of_return: bool,
) -> Iterator[dict[str, pa.Array]]:
    """The columns of reasons in pieces: a message takes more room than its words."""
    specs: tuple[FeatureSpec, ...] = predictor.specs
    for low in range(0, len(order), ROWS_AT_ONCE):
        part = features[order[low : low + ROWS_AT_ONCE]]
        found = messages(predictor.contributions(part), part, specs, MOST_REASONS, usual=usual, of_return=of_return)
        yield _told(found, language, none="")
        progress(low + len(part))


def _told(found: Messages, language: Language, *, none: str | None) -> dict[str, pa.Array]:
    """Messages in words and as JSON, which is null where there is none; one that stands at many places is said once."""
    said: dict[int, tuple[str | None, str | None]] = {id(None): (none, None)}
    for message in found.ravel().tolist():
        if id(message) not in said:
            said[id(message)] = language.say(message), message.to_json()
    columns = [[said[id(message)] for message in column] for column in found.T.tolist()]
    texts = {name: pa.array([text for text, _ in column], pa.string()) for name, column in zip(REASONS, columns, strict=True)}
    return texts | {
        name: pa.array([json for _, json in column], pa.string()) for name, column in zip(SAID, columns, strict=True)
    }


def _state(rows: ScoringRows, code: int) -> Message:
    """What is told of a customer who has no score."""
    if rows.status[code] == NOT_DUE:
        return Message(NOT_DUE_NOW)
    if rows.status[code] == ACTIVE:
        return Message(STILL_ACTIVE)
    days = rows.days_since_last_event[code]
    return Message(NO_EVENT_YET) if np.isnan(days) else Message(ALREADY_INACTIVE, {"days": float(days)})


def _money_then_null(values: NDArray[np.float64], nulls: int) -> pa.ChunkedArray:
    """To two digits; null where it is not known."""
    known = pa.array(np.round(values, 2), pa.float64(), from_pandas=True)
    return pa.chunked_array([known, pa.nulls(nulls, pa.float64())], pa.float64())


def _then_null(values: NDArray[np.float64] | NDArray[np.int64], nulls: int, kind: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind), pa.nulls(nulls, kind)], kind)
