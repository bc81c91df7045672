"""A model text is read exactly or refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from churnscope.errors import ModelError
from churnscope.model.trees import read_trees

TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=none none
tree_sizes=1 1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=1.5 0.1
decision_type=10 8
left_child=-1 -2
right_child=1 -3
leaf_value=-1 0.5 2
leaf_weight=1 1 1
leaf_count=6 3 1
internal_value=0 0
internal_weight=1 1
internal_count=10 4
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
leaf_value=0.25
is_linear=0
shrinkage=1


end of trees
"""


def read(text=TEXT, names=("a", "b")):
    return read_trees(text, names, len(names), range(len(names)))


def test_a_text_becomes_arrays():
    trees = read()
    assert trees.root.tolist() == [0, -4]  # the second tree is a single leaf, the fourth of all
    assert trees.left.tolist() == [-1, -2]
    assert trees.right.tolist() == [1, -3]
    assert trees.missing_left.tolist() == [True, False]
    assert trees.leaf_value.tolist() == [-1, 0.5, 2, 0.25]
    assert trees.node_count.tolist() == [10, 4]


def test_columns_may_stand_anywhere_in_the_matrix():
    assert read_trees(TEXT, ("a", "b"), 9, (7, 2)).feature.tolist() == [7, 2]


def test_thresholds_split_float32_values_as_the_float64_ones_do():
    threshold = read().threshold[1]
    assert float(threshold) <= 0.1 < float(np.nextafter(threshold, np.float32(np.inf)))


def test_a_value_missing_where_none_was_missing_in_training_is_read_as_zero():
    trees = read(TEXT.replace("decision_type=10 8", "decision_type=2 0"))
    assert trees.missing_left.tolist() == [True, True]  # 0 <= 1.5 and 0 <= 0.1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("objective=binary sigmoid:1", "objective=regression", "objective is 'regression'"),
        ("num_class=1\nnum_tree", "num_class=2\nnum_tree", "objective"),
        ("feature_names=a b", "feature_names=b a", "feature names"),
        ("end of trees\n", "", "cut off"),
        ("num_leaves=3", "num_leaves=100000", "too large"),
        ("num_leaves=3", "num_leaves=4", "split_feature line"),
        ("num_leaves=3", "num_leaves=x", "no readable num_leaves"),
        ("leaf_value=-1 0.5 2", "leaf_value=-1 nan 2", "leaf_value line"),
        ("leaf_value=-1 0.5 2", "leaf_value=-1 inf 2", "leaf_value line"),
        ("threshold=1.5 0.1", "threshold=1.5 nan", "threshold line"),
        ("num_cat=0", "num_cat=1", "categorical"),
        ("is_linear=0", "is_linear=1", "linear"),
        ("decision_type=10 8", "decision_type=10 9", "cannot be read"),
        ("decision_type=10 8", "decision_type=10 4", "cannot be read"),
        ("split_feature=0 1", "split_feature=0 2", "column that is not there"),
        ("split_feature=0 1", "split_feature=0 0.5", "column that is not there"),
        ("left_child=-1 -2", "left_child=-1 0", "not a tree"),
        ("left_child=-1 -2", "left_child=-1 -1", "not a tree"),
        ("right_child=1 -3", "right_child=-3 1", "not a tree"),
        ("leaf_count=6 3 1", "leaf_count=6 4 0", "without counts"),
        ("internal_count=10 4\n", "", "no readable internal_count"),
    ],
)
def test_a_damaged_text_is_refused(old, new, message):
    assert old in TEXT
    with pytest.raises(ModelError, match=re.escape(message)):
        read(TEXT.replace(old, new))


def test_too_many_trees_are_refused(monkeypatch):
    monkeypatch.setattr("churnscope.model.trees.MOST_TREES", 1)
    with pytest.raises(ModelError, match="2 trees, more than the 1"):
        read()


def test_too_deep_trees_are_refused(monkeypatch):
    monkeypatch.setattr("churnscope.model.trees.DEEPEST", 1)
    with pytest.raises(ModelError, match="deeper than 1 splits"):
        read()
