"""Compiling ahead of time what adds up trees and explains them."""

from __future__ import annotations

from typing import Final

import numpy as np

from churnscope.model.contributions import contributions, paths_of
from churnscope.model.margins import margins
from churnscope.model.trees import read_trees

_ONE_TREE: Final = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=0
objective=binary sigmoid:1
feature_names=a
feature_infos=none
tree_sizes=1

Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold=0.5
decision_type=10
left_child=-1
right_child=-2
leaf_value=-1 1
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=1
internal_count=2
is_linear=0
shrinkage=1


end of trees
"""


def warmup() -> None:
    """Compile the kernels of prediction, or load them from the cache, by asking a model of one tree about two rows."""
    trees = read_trees(_ONE_TREE, ("a",), 1, (0,))
    rows = np.array([[0.0], [np.nan]], np.float32)
    margins(trees, rows, threads=1)
    contributions(paths_of(trees), rows, threads=1)
