"""Why a customer stands where they stand: contributions to the risk in words with the numbers behind them."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.features.feature import NEVER_MISSING
from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats

SPEAKS_FOR_STAYING = " (speaks for staying)"
AN_ABSENCE = 1e-6  # a number speaks before an absence, which speaks only where its concept has no number to show

Texts = NDArray[np.object_]


def reasons(contributions: Floats, features: Matrix, specs: Sequence[FeatureSpec], most: int = 3) -> Texts:
    """The strongest reasons of every row, shape (n_rows, most), text; empty where there are no more.

    Features of one concept count together, and the strongest of them is put into words. What raises the risk comes first,
    strongest first; where that is fewer than `most` concepts, the strongest that lower it follow and say so.

    Parameters
    ----------
    contributions : shape (n_rows, n_features + 1), log-odds; the last column, the mean, is not read.
    features : shape (n_rows, n_features), NaN for missing.
    specs : what the columns mean.

    Examples
    --------
    >>> spec = FeatureSpec(name="pause", unit="days", concept="recency", sentence="last bought {value:.0f} days ago")
    >>> reasons(np.array([[0.4, -1.0], [-0.4, -1.0]]), np.float32([[74], [2]]), [spec], most=1).tolist()
    [['last bought 74 days ago'], ['last bought 2 days ago (speaks for staying)']]
    """
    named = _named_columns(specs)
    sayable = np.where(_can_be_said(features, specs, named), contributions[:, :-1], 0.0)
    sayable[np.isnan(features)] *= AN_ABSENCE
    concepts = list(dict.fromkeys(spec.concept for spec in specs))
    members = [np.array([i for i, spec in enumerate(specs) if spec.concept == concept]) for concept in concepts]
    weight = np.column_stack([contributions[:, columns].sum(axis=1) for columns in members])
    speaker = np.column_stack(
        [columns[_strongest(sayable[:, columns], w)] for columns, w in zip(members, weight.T, strict=True)]
    )
    # A concept is silent where none of its features pulls the way the whole does and can be put into words.
    weight[np.sign(np.take_along_axis(sayable, speaker, axis=1)) != np.sign(weight)] = 0.0
    chosen = _order(weight)[:, :most]
    weight, speaker = np.take_along_axis(weight, chosen, axis=1), np.take_along_axis(speaker, chosen, axis=1)
    texts = np.full((len(features), most), "", object)
    for column, spec in enumerate(specs):
        rows, ranks = np.nonzero((speaker == column) & (weight != 0))
        said = _said(features[rows], spec, column, named[column])
        texts[rows, ranks] = np.where(weight[rows, ranks] > 0, said, said + SPEAKS_FOR_STAYING)
    return texts


def _named_columns(specs: Sequence[FeatureSpec]) -> list[dict[str, int] | None]:
    """For each feature the columns its sentence names; None where one of them is not there."""
    columns = {spec.name: column for column, spec in enumerate(specs)}
    named: list[dict[str, int] | None] = []
    for spec in specs:
        names = {name for _, name, _, _ in string.Formatter().parse(spec.sentence) if name and name != "value"}
        named.append({name: columns[name] for name in sorted(names)} if names <= columns.keys() else None)
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


def _order(weight: Floats) -> NDArray[np.int64]:
    """Concepts that raise the risk, strongest first, then those that lower it, strongest first, then the silent ones."""
    strength = np.abs(weight)
    return np.argsort(-np.where(weight > 0, strength + strength.max(initial=0.0), strength), axis=1, kind="stable")


def _said(features: Matrix, spec: FeatureSpec, column: int, others: dict[str, int] | None) -> Texts:
    """The feature in words for every row; rows with the same numbers share their text."""
    texts = np.full(len(features), spec.missing, object)
    known = np.flatnonzero(~np.isnan(features[:, column]))
    names = list(others or {})
    numbers = features[known][:, [column, *(others or {}).values()]].astype(np.float64)
    said: dict[tuple[float, ...], str] = {}
    for row, values in zip(known.tolist(), map(tuple, numbers.tolist()), strict=True):
        if values not in said:
            said[values] = spec.say(values[0], dict(zip(names, values[1:], strict=True)))
        texts[row] = said[values]
    return texts
