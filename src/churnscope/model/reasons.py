"""Why a customer stands where they stand: contributions to the risk in words with the numbers behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.features.feature import NEVER_MISSING
from churnscope.languages import ENGLISH, Language, Message
from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats
from churnscope.model.profile import Profile

SPEAKS_FOR_STAYING = "{said} (speaks for staying)"
SPEAKS_AGAINST_A_RETURN = "{said} (speaks against coming back)"
AN_ABSENCE = 1e-6  # a number speaks before an absence, which speaks only where its concept has no number to show
MONEY = "currency"  # the same amount is told once, as what was spent may be one purchase and one line; so is a nought
MOST = 0.5  # of the customers: what more of them lack tells nobody apart

Texts = NDArray[np.object_]
Messages = NDArray[np.object_]


def reasons(
    contributions: Floats,
    features: Matrix,
    specs: Sequence[FeatureSpec],
    most: int = 3,
    *,
    usual: Profile | None = None,
    of_return: bool = False,
    language: Language = ENGLISH,
) -> Texts:
    """The strongest reasons of every row in words, shape (n_rows, most); empty where there are no more. See `messages`."""
    return in_words(messages(contributions, features, specs, most, usual=usual, of_return=of_return), language)


def in_words(told: Messages, language: Language) -> Texts:
    """Messages in a language, shape as theirs; empty where there is none. One that stands at many places is said once."""
    said = {id(message): language.say(message) for message in told.ravel().tolist() if message is not None} | {id(None): ""}
    return np.array([said[id(message)] for message in told.ravel().tolist()], object).reshape(told.shape)


def messages(
    contributions: Floats,
    features: Matrix,
    specs: Sequence[FeatureSpec],
    most: int = 3,
    *,
    usual: Profile | None = None,
    of_return: bool = False,
) -> Messages:
    """The strongest reasons of every row, shape (n_rows, most), each a `Message`; None where there are no more.

    Features of one concept count together, and the strongest of them is put into words. What raises the risk comes first,
    strongest first, numbers before absences; where that is fewer than `most` concepts, the strongest that lower it follow and
    say so. What most customers lack (nothing returned, no second purchase yet) is told only where there is nothing else to say.

    Parameters
    ----------
    contributions : shape (n_rows, n_features + 1), log-odds; the last column, the mean, is not read.
    features : shape (n_rows, n_features), NaN for missing.
    specs : what the columns mean.
    usual : how the customers that the model learned from were distributed: a contribution then counts for less the more of
        them stand where the customer stands, or further out.
    of_return : whether the contributions are to the chance of coming back, not to that of leaving.

    Examples
    --------
    >>> spec = FeatureSpec(name="pause", unit="days", concept="recency", sentence="last bought {value:.0f} days ago")
    >>> told = messages(np.array([[0.4, -1.0], [-0.4, -1.0]]), np.float32([[74], [2]]), [spec], most=1)
    >>> in_words(told, ENGLISH).tolist()
    [['last bought 74 days ago'], ['last bought 2 days ago (speaks for staying)']]
    """
    named = _named_columns(specs)
    can_be_said = _can_be_said(features, specs, named)
    common = np.zeros(features.shape) if usual is None else _common(features, can_be_said, usual)
    sayable = np.where(can_be_said, contributions[:, :-1] * (1 - common), 0.0)
    sayable[np.isnan(features)] *= AN_ABSENCE
    concepts = list(dict.fromkeys(spec.concept for spec in specs))
    members = [np.array([i for i, spec in enumerate(specs) if spec.concept == concept]) for concept in concepts]
    weight = np.column_stack([contributions[:, columns].sum(axis=1) for columns in members])
    speaker = np.column_stack(
        [columns[_strongest(sayable[:, columns], w)] for columns, w in zip(members, weight.T, strict=True)]
    )
    # A concept is silent where none of its features pulls the way the whole does and can be put into words.
    weight[np.sign(np.take_along_axis(sayable, speaker, axis=1)) != np.sign(weight)] = 0.0
    for place, columns in enumerate(members):
        if levels := [column for column in columns.tolist() if specs[column].at_zero]:
            _affirm(speaker[:, place], features, levels)
    values, shared = (np.take_along_axis(each, speaker, axis=1) for each in (features.astype(np.float64), common))
    weight *= 1 - shared
    order = _order(weight, _rank(weight, values, shared))
    is_money = np.array([spec.unit == MONEY for spec in specs])[speaker]
    told_once = (is_money | (values == 0)) & (weight != 0)
    chosen = _once(order, np.where(told_once, np.abs(values), np.nan))[:, :most]
    weight, speaker = np.take_along_axis(weight, chosen, axis=1), np.take_along_axis(speaker, chosen, axis=1)
    against = SPEAKS_AGAINST_A_RETURN if of_return else SPEAKS_FOR_STAYING
    found = np.full((len(features), most), None, object)
    for column, spec in enumerate(specs):
        rows, ranks = np.nonzero((speaker == column) & (weight != 0))
        lowers = [against if each < 0 else "" for each in weight[rows, ranks].tolist()]
        found[rows, ranks] = _told(features[rows], lowers, spec, column, named[column])
    return found


def _common(features: Matrix, asked: NDArray[np.bool_], usual: Profile) -> Floats:
    """The share of customers who stand where the row stands or further out, in steps of a twentieth; shape of the features.

    It stays below 1: what can be said is never silenced by it alone.
    """
    common = np.zeros(features.shape)
    for column in np.flatnonzero(asked.any(axis=0)).tolist():
        values, levels = features[:, column].astype(np.float64), usual.quantiles[column]
        absent = np.isnan(values)
        at_most = np.searchsorted(levels, values, side="right")
        at_least = len(levels) - np.searchsorted(levels, values, side="left")
        known = np.minimum(at_most, at_least) / (len(levels) + 1) * (1 - usual.missing[column])
        common[:, column] = np.where(absent, np.minimum(usual.missing[column], len(levels) / (len(levels) + 1)), known)
    return common


def _rank(weight: Floats, values: Floats, shared: Floats) -> NDArray[np.int64]:
    """What is told first: what raises the risk, numbers before absences; what lowers it; what most lack; the silent."""
    absent = np.isnan(values)
    lacked_by_most = (absent | (values == 0)) & (shared > MOST)
    return np.select([weight == 0, lacked_by_most, weight < 0, absent], [4, 3, 2, 1], 0)


def _named_columns(specs: Sequence[FeatureSpec]) -> list[dict[str, int] | None]:
    """For each feature the columns its sentence names; None where one of them is not there."""
    columns = {spec.name: column for column, spec in enumerate(specs)}
    named: list[dict[str, int] | None] = []
    for spec in specs:
        is_whole = columns.keys() >= set(spec.named)
        named.append({name: columns[name] for name in spec.named} if is_whole else None)
    return named


def _can_be_said(features: Matrix, specs: Sequence[FeatureSpec], named: Sequence[dict[str, int] | None]) -> NDArray[np.bool_]:
    """Whether a feature's sentence, or the words for its absence, can be filled; shape (n_rows, n_features)."""
    known = ~np.isnan(features)
    can = known.copy()
    for column, (spec, others) in enumerate(zip(specs, named, strict=True)):
        for other in (others or {}).values():
            can[:, column] &= known[:, other]
        if spec.missing != NEVER_MISSING:
            can[:, column] |= ~known[:, column]
        if others is None or not spec.spoken:
            can[:, column] = False
    return can


def _strongest(contributions: Floats, weight: Floats) -> NDArray[np.int64]:
    """The column that pulls hardest the way of the whole."""
    return np.asarray(np.where(weight > 0, contributions.argmax(axis=1), contributions.argmin(axis=1)), np.int64)


def _affirm(speaker: NDArray[np.int64], features: Matrix, levels: Sequence[int]) -> None:
    """Let the level that the customer has speak for the others: "plan is Basic" rather than "plan is not Two year"."""
    has = features[:, levels] == 1
    rows = np.flatnonzero(np.isin(speaker, levels) & has.any(axis=1))
    speaker[rows] = np.asarray(levels, np.int64)[has[rows].argmax(axis=1)]


def _order(weight: Floats, rank: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concepts by rank, within it the strongest first; equal ones keep the order of the catalogue."""
    return np.lexsort((-np.abs(weight), rank), axis=1)


def _once(order: NDArray[np.int64], amounts: Floats) -> NDArray[np.int64]:
    """The order with those last that repeat an amount that stands before them; NaN repeats nothing."""
    told = np.take_along_axis(amounts, order, axis=1)
    repeats = np.zeros(told.shape, np.bool_)
    for later in range(1, told.shape[1]):
        repeats[:, later] = (told[:, :later] == told[:, later, None]).any(axis=1)
    return np.take_along_axis(order, np.argsort(repeats, axis=1, kind="stable"), axis=1)


def _told(
    features: Matrix, lowers: Sequence[str], spec: FeatureSpec, column: int, others: Mapping[str, int] | None
) -> Messages:
    """What the feature tells of every row, with the words around it; rows of the same numbers share their message."""
    told = np.empty(len(features), object)
    names = list(others or {})
    numbers = features[:, [column, *(others or {}).values()]].astype(np.float64)
    known: dict[tuple[object, ...], Message] = {}
    for row, (around, values) in enumerate(zip(lowers, map(tuple, numbers.tolist()), strict=True)):
        key = (around, *(values if values[0] == values[0] else ()))
        if key not in known:
            message = spec.message(values[0], dict(zip(names, values[1:], strict=True)))
            known[key] = replace(message, around=around) if around else message
        told[row] = known[key]
    return told
