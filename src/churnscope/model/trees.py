"""Boosted trees as arrays, read from the text of a LightGBM model.

The text is treated as coming from a stranger: sizes are bounded, every child is checked, and nothing but numbers is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import ModelError

MOST_TREES = 25_000
MOST_LEAVES = 256
DEEPEST = 32  # the steps to a leaf are told apart by the bits of one number

TINY = np.float32(1e-35)

# Bits of LightGBM's decision_type: the lowest says categorical, the next that missing goes left, two more what is missing.
DEFAULT_LEFT = 2
MISSING_NONE, MISSING_NAN = 0, 2

Numbers = NDArray[np.float64]

_ADVICE = "Train the model again, or take an intact copy of its folder."
_OBJECTIVE = re.compile(r"binary sigmoid:1")


@dataclass(frozen=True)
class Trees:
    """The trees of one booster, their nodes one after another.

    A child is the index of a node, or `~leaf` (negative) for a leaf; so is a root, since a tree may be a single leaf.

    Parameters
    ----------
    n_features : columns of the matrix the trees read.
    root : int32, shape (n_trees,).
    node_start, leaf_start : int64, shape (n_trees + 1,), where the nodes and the leaves of each tree begin.
    feature : int32, shape (n_nodes,), column that is compared.
    threshold : float32, shape (n_nodes,); a value goes left when it is not above. Rounded down to float32, which splits
        float32 values exactly as the float64 threshold does.
    missing_left : bool, shape (n_nodes,), whether a missing value goes left.
    left, right : int32, shape (n_nodes,).
    node_count : float64, shape (n_nodes,), training rows that reached the node.
    leaf_value, leaf_count : float64, shape (n_leaves,), log-odds and training rows.
    """

    n_features: int
    root: NDArray[np.int32]
    node_start: NDArray[np.int64]
    leaf_start: NDArray[np.int64]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    node_count: NDArray[np.float64]
    leaf_value: NDArray[np.float64]
    leaf_count: NDArray[np.float64]

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.root)


def read_trees(text: str, columns: Sequence[str], n_features: int, positions: Sequence[int]) -> Trees:
    """The trees of a LightGBM text model, reading a matrix that may hold more columns than the model was trained on.

    Parameters
    ----------
    text : a model as `Booster.model_to_string` writes it.
    columns : the names the model has to have, in its order.
    n_features : columns of the matrix that is predicted.
    positions : where in that matrix each of `columns` stands.

    Raises
    ------
    ModelError : when the text is damaged, too large, of another objective or of other columns.
    """
    head, *bodies = text.split("\nTree=")
    _check_head(_fields(head), columns)
    if not bodies or "\nend of trees" not in bodies[-1]:
        raise ModelError("The model text is cut off: its end mark is missing.", _ADVICE)
    if len(bodies) > MOST_TREES:
        raise ModelError(f"The model text has {len(bodies):,} trees, more than the {MOST_TREES:,} that are allowed.", _ADVICE)
    trees = [_Tree.read(f"Tree={body.split('end of trees')[0]}", len(columns)) for body in bodies]
    return _joined(trees, n_features, np.asarray(positions, np.int32))


def _check_head(head: Mapping[str, str], columns: Sequence[str]) -> None:
    if not _OBJECTIVE.fullmatch(head.get("objective", "")) or head.get("num_class") != "1":
        raise ModelError(f"The model's objective is {head.get('objective', 'not given')!r:.60}, not binary.", _ADVICE)
    if head.get("feature_names", "").split(" ") != list(columns):
        raise ModelError("The model's feature names are not those of its feature list.", _ADVICE)


def _fields(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _numbers(fields: Mapping[str, str], key: str, length: int) -> Numbers:
    """The numbers of one line; a line that is absent, of another length or not finite is refused."""
    try:
        values = np.array(fields[key].split(), np.float64)
    except (KeyError, ValueError) as error:
        raise ModelError(f"A tree of the model has no readable {key}.", _ADVICE) from error
    # A split between missing and present has an infinite threshold; nothing else may be infinite.
    usable = ~np.isnan(values) if key == "threshold" else np.isfinite(values)
    if len(values) != length or not usable.all():
        raise ModelError(f"A tree of the model has a {key} line that is not {length} finite numbers.", _ADVICE)
    return values


@dataclass(frozen=True)
class _Tree:
    """One tree as it was read, with children numbered within itself; whole numbers are not yet told from others."""

    feature: Numbers
    threshold: Numbers
    decision: Numbers
    left: Numbers
    right: Numbers
    node_count: Numbers
    leaf_value: Numbers
    leaf_count: Numbers

    @classmethod
    def read(cls, text: str, n_columns: int) -> _Tree:
        fields = _fields(text)
        n_leaves = int(_numbers(fields, "num_leaves", 1)[0])
        if not 1 <= n_leaves <= MOST_LEAVES or fields.get("num_cat") != "0" or fields.get("is_linear", "0") != "0":
            raise ModelError("A tree of the model is too large, categorical or linear.", _ADVICE)
        nodes = {key: _numbers(fields, key, n_leaves - 1) if n_leaves > 1 else np.empty(0) for key in _NODE_LINES}
        tree = cls(
            feature=nodes["split_feature"],
            threshold=nodes["threshold"],
            decision=nodes["decision_type"],
            left=nodes["left_child"],
            right=nodes["right_child"],
            node_count=nodes["internal_count"],
            leaf_value=_numbers(fields, "leaf_value", n_leaves),
            leaf_count=_numbers(fields, "leaf_count", n_leaves) if n_leaves > 1 else np.ones(1),
        )
        tree.check(n_columns)
        return tree

    def check(self, n_columns: int) -> None:
        """Refuse whatever would let a walk leave the tree, run in circles or divide by nothing."""
        n_nodes = len(self.feature)
        children = np.concatenate([self.left, self.right])
        below_parent = (children < 0) | (children > np.tile(np.arange(n_nodes), 2))
        whole = np.array_equal(np.sort(children), np.concatenate([np.arange(-n_nodes - 1, 0), np.arange(1, n_nodes)]))
        if n_nodes and not (whole and below_parent.all()):
            raise ModelError("A tree of the model is not a tree: its children do not fit.", _ADVICE)
        if self.depth() > DEEPEST:
            raise ModelError(f"A tree of the model is deeper than {DEEPEST} splits.", _ADVICE)
        if ((self.feature < 0) | (self.feature >= n_columns) | (self.feature % 1 != 0)).any():
            raise ModelError("A tree of the model reads a column that is not there.", _ADVICE)
        if not np.isin(self.decision, _DECISIONS).all() or (self.node_count <= 0).any() or (self.leaf_count <= 0).any():
            raise ModelError("A tree of the model has splits that cannot be read: categorical, or without counts.", _ADVICE)

    def depth(self) -> int:
        """Splits on the longest way to a leaf; children come after their parents."""
        depth = [0] * len(self.feature)
        for node, children in enumerate(zip(self.left.tolist(), self.right.tolist(), strict=True)):
            for child in children:
                if child >= 0:
                    depth[int(child)] = depth[node] + 1
        return max(depth, default=-1) + 1


_NODE_LINES = ("split_feature", "threshold", "decision_type", "left_child", "right_child", "internal_count")
_DECISIONS = [missing << 2 | left for missing in (MISSING_NONE, MISSING_NAN) for left in (0, DEFAULT_LEFT)]


def _joined(trees: Sequence[_Tree], n_features: int, positions: NDArray[np.int32]) -> Trees:
    node_start = _starts([len(tree.feature) for tree in trees])
    leaf_start = _starts([len(tree.leaf_value) for tree in trees])
    starts = list(zip(node_start[:-1], leaf_start[:-1], strict=True))
    threshold = np.concatenate([tree.threshold for tree in trees])
    decision = np.concatenate([tree.decision for tree in trees]).astype(np.int32)
    roots = [np.array([0.0 if len(tree.feature) else -1.0]) for tree in trees]
    return Trees(
        n_features=n_features,
        root=_numbered(roots, starts),
        node_start=node_start,
        leaf_start=leaf_start,
        feature=positions[np.concatenate([tree.feature for tree in trees]).astype(np.int32)],
        threshold=_float32_below(threshold),
        # Where nothing was missing in training, LightGBM reads a missing value as 0.
        missing_left=np.where(decision >> 2 == MISSING_NAN, (decision & DEFAULT_LEFT) > 0, threshold >= 0),
        left=_numbered([tree.left for tree in trees], starts),
        right=_numbered([tree.right for tree in trees], starts),
        node_count=np.concatenate([tree.node_count for tree in trees]),
        leaf_value=np.concatenate([tree.leaf_value for tree in trees]),
        leaf_count=np.concatenate([tree.leaf_count for tree in trees]),
    )


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _numbered(children: Sequence[Numbers], starts: Sequence[tuple[int, int]]) -> NDArray[np.int32]:
    """Children counted from the first node, or leaf, of the first tree."""
    return np.concatenate(
        [np.where(child < 0, child - leaf, child + node) for child, (node, leaf) in zip(children, starts, strict=True)]
    ).astype(np.int32)


def _float32_below(thresholds: Numbers) -> NDArray[np.float32]:
    """The largest float32 that LightGBM sends left of each threshold: all float32 values then go the same way as there."""
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    # LightGBM reads whatever lies within TINY of 0 as 0.
    rounded[(thresholds < 0) & (rounded >= -TINY)] = np.nextafter(-TINY, np.float32(-np.inf))
    rounded[(thresholds >= 0) & (rounded < TINY)] = TINY
    return rounded
