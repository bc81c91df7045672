"""What each feature adds to a row's log-odds: exact Shapley values of boosted trees.

A leaf with value v is the product game f(S) = v * prod over k in S of o_k * prod over k outside S of z_k, where k runs over the
features on the path to the leaf, o_k is 1 when the row satisfies all conditions on k and z_k is the share of training rows that
does. Its multilinear extension gives the Shapley value of j as an integral,

    phi_j = v * (o_j - z_j) * integral from 0 to 1 of prod over k other than j of (z_k + t * (o_k - z_k)) dt,

of a polynomial, which Gauss-Legendre quadrature with half as many points as the path has features integrates exactly.
All rows that take the same turns in a tree share their contributions, so these are worked out once per combination of turns.

References
----------
Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees", Nature Machine
Intelligence 2. Owen (1972), "Multilinear extensions of games", Management Science 18. Yang (2021), "Fast TreeSHAP",
arXiv 2109.09847.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.events.compiled import kernel
from churnscope.model.blocks import Matrix, in_row_ranges
from churnscope.model.trees import Trees

Floats = NDArray[np.float64]
Arrays = tuple[Any, ...]  # arrays that travel together; numba wants them in a plain tuple

MOST_SHARED_NODES = 16  # trees with more nodes have too many combinations of turns to keep a table of them
MOST_SHARED_STEPS = 8  # and longer paths too many combinations of steps


@dataclass(frozen=True)
class Paths:
    """The way to every leaf of every tree, with the conditions on one feature merged into one step.

    Parameters
    ----------
    trees : the trees.
    slot_start : int64, shape (n_trees + 1,); `slot_feature`, int32: the distinct features of each tree, its slots.
    step_start : int64, shape (n_leaves + 1,), where the steps of each leaf begin.
    step_slot : int32, shape (n_steps,), slot of the step's feature, counted within its tree.
    step_feature : int32, shape (n_steps,); `above`, `upto`: float32, the step is taken by values in (above, upto],
        NaN for no lower bound; `missing`: bool, whether it is taken by missing values.
    step_share : float64, shape (n_steps,), share of training rows that take it.
    points, weights : quadrature on [0, 1], enough for the longest path.
    expected : mean log-odds over the training rows.
    """

    trees: Trees
    slot_start: NDArray[np.int64]
    slot_feature: NDArray[np.int32]
    step_start: NDArray[np.int64]
    step_slot: NDArray[np.int32]
    step_feature: NDArray[np.int32]
    above: NDArray[np.float32]
    upto: NDArray[np.float32]
    missing: NDArray[np.bool_]
    step_share: NDArray[np.float64]
    points: NDArray[np.float64]
    weights: NDArray[np.float64]
    expected: float


def contributions(paths: Paths, features: Matrix, threads: int | None = None) -> NDArray[np.float64]:
    """Shapley values, shape (n_rows, n_features + 1): one per feature, last the mean log-odds. They sum to the row's log-odds.

    Equal to LightGBM's `pred_contrib` up to rounding; the weights of unseen features are training rows, as there.

    Parameters
    ----------
    features : shape (n_rows, n_features), NaN for missing.
    """
    trees = paths.trees
    phi = np.zeros((len(features), trees.n_features + 1))
    phi[:, -1] = paths.expected
    splits = (trees.node_start, trees.feature, trees.threshold, trees.missing_left)
    steps = (paths.step_slot, paths.step_feature, paths.above, paths.upto, paths.missing, paths.step_share)
    ways = (trees.leaf_start, trees.leaf_value, paths.step_start, steps, (paths.points, paths.weights))
    slots = (paths.slot_start, paths.slot_feature)
    in_row_ranges(
        lambda rows, matrix: _add_contributions(matrix, splits, ways, slots, phi[rows]), features, trees.n_features, threads
    )
    return phi


def paths_of(trees: Trees) -> Paths:
    """All ways from the roots to the leaves."""
    slots = [list(dict.fromkeys(trees.feature[_span(trees.node_start, tree)].tolist())) for tree in range(trees.n_trees)]
    leaves = [leaf for tree in range(trees.n_trees) for leaf in _leaves(trees, tree, slots[tree])]
    steps = [step for leaf in leaves for step in leaf]
    points, weights = np.polynomial.legendre.leggauss(max(map(len, leaves)) // 2 + 1)
    return Paths(
        trees,
        slot_start=np.cumsum([0, *map(len, slots)], dtype=np.int64),
        slot_feature=np.array([feature for features in slots for feature in features], np.int32),
        step_start=np.cumsum([0, *map(len, leaves)], dtype=np.int64),
        step_slot=np.array([step.slot for step in steps], np.int32),
        step_feature=np.array([step.feature for step in steps], np.int32),
        above=np.array([step.above for step in steps], np.float32),
        upto=np.array([step.upto for step in steps], np.float32),
        missing=np.array([step.missing for step in steps], np.bool_),
        step_share=np.array([step.share for step in steps], np.float64),
        points=(points + 1) / 2,
        weights=weights / 2,
        expected=sum(_mean(trees, tree) for tree in range(trees.n_trees)),
    )


@dataclass(frozen=True)
class _Step:
    """Taken by values in (above, upto], without a lower bound where `above` is NaN, and by missing ones where it says so."""

    slot: int
    feature: int
    above: float = np.nan
    upto: float = np.inf
    missing: bool = True
    share: float = 1.0

    def narrowed(self, trees: Trees, node: int, *, left: bool) -> _Step:
        """The step with one more turn on the same feature."""
        threshold = float(trees.threshold[node])
        child = int(trees.left[node] if left else trees.right[node])
        return replace(
            self,
            above=self.above if left else float(np.fmax(self.above, threshold)),
            upto=min(self.upto, threshold) if left else self.upto,
            missing=self.missing and bool(trees.missing_left[node]) == left,
            share=self.share * _rows(trees, child) / float(trees.node_count[node]),
        )


def _leaves(trees: Trees, tree: int, features: list[int]) -> list[tuple[_Step, ...]]:
    """The steps to each leaf of a tree, in the order of the leaves."""
    ways: dict[int, tuple[_Step, ...]] = {}
    open_ways: list[tuple[int, dict[int, _Step]]] = [(int(trees.root[tree]), {})]
    while open_ways:
        node, steps = open_ways.pop()
        if node < 0:
            ways[~node] = tuple(steps.values())
            continue
        feature = int(trees.feature[node])
        step = steps.get(feature) or _Step(features.index(feature), feature)
        for left, child in ((True, trees.left[node]), (False, trees.right[node])):
            open_ways.append((int(child), {**steps, feature: step.narrowed(trees, node, left=left)}))
    return [ways[leaf] for leaf in sorted(ways)]


def _rows(trees: Trees, child: int) -> float:
    return float(trees.node_count[child] if child >= 0 else trees.leaf_count[~child])


def _mean(trees: Trees, tree: int) -> float:
    leaves = _span(trees.leaf_start, tree)
    return float(trees.leaf_value[leaves] @ trees.leaf_count[leaves]) / _rows(trees, int(trees.root[tree]))


def _span(starts: NDArray[np.int64], tree: int) -> slice:
    return slice(int(starts[tree]), int(starts[tree + 1]))


@kernel
def _add_contributions(matrix: Matrix, splits: Arrays, ways: Arrays, slots: Arrays, phi: Floats) -> None:
    """Tree after tree, add to each row the contributions that belong to its turns."""
    node_start, (slot_start, slot_feature), leaf_start = splits[0], slots, ways[0]
    known = np.full(1 << min(np.max(np.diff(node_start)), MOST_SHARED_NODES), -1, np.int32)  # turns -> entry of the table
    turns_of = np.empty(len(matrix), np.int64)
    table = np.empty((len(matrix), np.max(np.diff(slot_start))))
    parts = np.empty((np.max(np.diff(leaf_start)), 1 << MOST_SHARED_STEPS, MOST_SHARED_STEPS))
    filled = np.empty(parts.shape[:2], np.bool_)
    for tree in range(len(node_start) - 1):
        features = slot_feature[slot_start[tree] : slot_start[tree + 1]]
        shared = node_start[tree + 1] - node_start[tree] <= MOST_SHARED_NODES
        filled[:] = False
        n_known = 0
        for row in range(len(matrix)):
            turns = _turns(matrix[row], splits, tree) if shared else 0
            entry = known[turns] if shared else -1
            if entry < 0:
                entry = n_known
                _explain_leaves(matrix[row], ways, tree, (parts, filled), table[entry])
                if shared:
                    known[turns] = entry
                    turns_of[entry] = turns
                    n_known += 1
            for slot in range(len(features)):
                phi[row, features[slot]] += table[entry, slot]
        for entry in range(n_known):
            known[turns_of[entry]] = -1


@kernel
def _turns(row: Matrix, splits: Arrays, tree: int) -> int:
    """The turns the row would take at every node of the tree, reached or not, as the bits of a number."""
    node_start, feature, threshold, missing_left = splits
    bits = 0
    for node in range(node_start[tree], node_start[tree + 1]):
        value = row[feature[node]]
        bits = bits << 1 | (value <= threshold[node] or (missing_left[node] and np.isnan(value)))
    return bits


@kernel
def _explain_leaves(row: Matrix, ways: Arrays, tree: int, memo: Arrays, phi: Floats) -> None:
    """The contributions of one tree's features to one row; `memo` keeps those of a leaf by the steps the row takes."""
    leaf_start, leaf_value, step_start, steps, rule = ways
    parts, filled = memo
    phi[:] = 0.0
    for leaf in range(leaf_start[tree], leaf_start[tree + 1]):
        first, last = step_start[leaf], step_start[leaf + 1]
        taken, share = _taken(row, steps, first, last), steps[5][first:last]
        if last - first <= MOST_SHARED_STEPS:
            place = leaf - leaf_start[tree]
            part = parts[place, taken]
            if not filled[place, taken]:
                _explain_leaf(taken, share, leaf_value[leaf], rule, part)
                filled[place, taken] = True
        else:
            part = np.empty(last - first)
            _explain_leaf(taken, share, leaf_value[leaf], rule, part)
        for step in range(first, last):
            phi[steps[0][step]] += part[step - first]


@kernel
def _taken(row: Matrix, steps: Arrays, first: int, last: int) -> int:
    """The steps the row takes, as the bits of a number, lowest first."""
    _, feature, above, upto, missing, _ = steps
    bits = 0
    for step in range(first, last):
        value = row[feature[step]]
        # Asked this way round, a lower bound of NaN bounds nothing.
        if (value <= upto[step] and not value <= above[step]) or (missing[step] and np.isnan(value)):
            bits |= 1 << (step - first)
    return bits


@kernel
def _explain_leaf(taken: int, share: Floats, value: float, rule: Arrays, phi: Floats) -> None:
    """The integral above for every step to a leaf."""
    points, weights = rule
    phi[:] = 0.0
    for point in range(len(points)):
        product = weights[point] * value
        for step in range(len(share)):
            product *= share[step] + points[point] * ((taken >> step & 1) - share[step])
        for step in range(len(share)):
            gain = (taken >> step & 1) - share[step]
            phi[step] += product * gain / (share[step] + points[point] * gain)
