"""Margins and contributions are LightGBM's, and what the definition says."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from churnscope.model.boosters import plain_text
from churnscope.model.contributions import contributions, paths_of
from churnscope.model.margins import margins
from churnscope.model.trees import read_trees

N_FEATURES = 6
NAMES = [f"f{column}" for column in range(N_FEATURES)]


def matrix(n_rows, seed, *, missing=0.2):
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n_rows, N_FEATURES)).astype(np.float32)
    features[:, 1] = np.round(np.abs(features[:, 1]) * 3)
    features[:, :4][rng.random((n_rows, 4)) < missing] = np.nan  # the last two columns are never missing in training
    return features


DEEP = pytest.param((60, 12), id="deep", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[pytest.param((15, 5), id="default"), DEEP, pytest.param((2, 1), id="stump")])
def booster(request):
    leaves, depth = request.param
    features = matrix(3_000, 1)
    rng = np.random.default_rng(2)
    signal = np.nan_to_num(features[:, 0]) * np.nan_to_num(features[:, 4]) + np.nan_to_num(features[:, 1]) / 3 - 1
    churned = rng.random(3_000) < 1 / (1 + np.exp(-signal))
    parameters = {
        "objective": "binary", "num_leaves": leaves, "max_depth": depth, "bagging_fraction": 0.8, "bagging_freq": 1,
        "feature_fraction": 0.7, "verbosity": -1, "deterministic": True, "force_row_wise": True, "seed": 3, "num_threads": 1,
    }  # fmt: skip
    return lightgbm.train(parameters, lightgbm.Dataset(features, churned, feature_name=NAMES), 40)


@pytest.fixture(scope="module")
def trees(booster):
    return read_trees(plain_text(booster.model_to_string()), NAMES, N_FEATURES, range(N_FEATURES))


def with_extremes(features):
    features[:6] = [[value] * N_FEATURES for value in (np.nan, np.inf, -np.inf, 0.0, np.float32(3e38), np.float32(-3e38))]
    return features


def test_margins_are_those_of_lightgbm_to_the_last_bit(booster, trees):
    features = with_extremes(matrix(3_000, 5, missing=0.3))
    features[6:500, 5] = np.nan
    assert np.array_equal(margins(trees, features), booster.predict(features, raw_score=True))


def test_values_on_a_threshold_go_where_lightgbm_sends_them(booster, trees):
    features = matrix(len(trees.threshold), 6)
    features[np.arange(len(features)), trees.feature] = trees.threshold
    assert np.array_equal(margins(trees, features), booster.predict(features, raw_score=True))


def test_contributions_are_those_of_lightgbm(booster, trees):
    features = with_extremes(matrix(800, 7, missing=0.3))
    expected = booster.predict(features, pred_contrib=True)
    assert np.allclose(contributions(paths_of(trees), features), expected, rtol=0, atol=1e-12)


def test_contributions_sum_to_the_margin(trees):
    features = with_extremes(matrix(20_000, 8))
    assert np.allclose(contributions(paths_of(trees), features).sum(axis=1), margins(trees, features), rtol=0, atol=1e-10)


def test_threads_and_neighbours_change_nothing(trees):
    features, paths = matrix(40_000, 9), paths_of(trees)
    alone = np.vstack([contributions(paths, features[row : row + 1]) for row in (0, 20_000, 39_999)])
    assert np.array_equal(contributions(paths, features, threads=2)[[0, 20_000, 39_999]], alone)
    assert np.array_equal(margins(trees, features, threads=1), margins(trees, features, threads=2))


def test_the_text_without_settings_and_ranges_is_still_lightgbms_model(booster):
    text, features = plain_text(booster.model_to_string()), matrix(500, 4)
    assert text.endswith("end of trees\n")
    assert "feature_infos=none none none none none none\n" in text
    assert np.array_equal(lightgbm.Booster(model_str=text).predict(features), booster.predict(features))


def test_no_rows_give_no_answers(trees):
    nobody = np.empty((0, N_FEATURES), np.float32)
    assert margins(trees, nobody).shape == (0,)
    assert contributions(paths_of(trees), nobody).shape == (0, N_FEATURES + 1)


def test_a_matrix_with_other_columns_is_a_bug_of_the_caller(trees):
    with pytest.raises(ValueError, match=r"not \(n_rows, 6\)"):
        margins(trees, np.zeros((3, 5), np.float32))


def shapley_by_definition(trees, row):
    """The average over all orders of the features of what each adds, unseen ones following the training rows."""

    def expected(child, seen):
        if child < 0:
            return trees.leaf_value[~child]
        value, children = row[trees.feature[child]], (trees.left[child], trees.right[child])
        if trees.feature[child] in seen:
            left = trees.missing_left[child] if np.isnan(value) else value <= trees.threshold[child]
            return expected(children[0 if left else 1], seen)
        counts = [trees.node_count[c] if c >= 0 else trees.leaf_count[~c] for c in children]
        return sum(count * expected(c, seen) for count, c in zip(counts, children, strict=True)) / trees.node_count[child]

    phi = np.zeros(N_FEATURES)
    for feature in range(N_FEATURES):
        others = [other for other in range(N_FEATURES) if other != feature]
        for size in range(N_FEATURES):
            weight = factorial(size) * factorial(N_FEATURES - 1 - size) / factorial(N_FEATURES)
            for seen in combinations(others, size):
                gain = sum(expected(root, {*seen, feature}) - expected(root, set(seen)) for root in trees.root[:3])
                phi[feature] += weight * gain
    return phi


@settings(max_examples=15, deadline=None)
@given(row=arrays.arrays(np.float32, N_FEATURES, elements=st.floats(-4, 4, width=32) | st.just(np.nan)))
def test_contributions_are_shapley_values_by_definition(row):
    trees = read_trees(THREE_TREES, NAMES, N_FEATURES, range(N_FEATURES))
    phi = contributions(paths_of(trees), row[None, :])[0, :-1]
    assert np.allclose(phi, shapley_by_definition(trees, row), rtol=0, atol=1e-12)


def _tree(number, features, thresholds, left, right, values, counts, inner):
    lines = {
        "Tree": [number], "num_leaves": [len(values)], "num_cat": [0], "split_feature": features, "threshold": thresholds,
        "decision_type": [10, 8, 2, 10][: len(features)], "left_child": left, "right_child": right, "leaf_value": values,
        "leaf_count": counts, "internal_count": inner, "is_linear": [0],
    }  # fmt: skip
    return "\n".join(f"{key}={' '.join(map(str, numbers))}" for key, numbers in lines.items()) + "\n\n"


THREE_TREES = (
    f"tree\nnum_class=1\nobjective=binary sigmoid:1\nfeature_names={' '.join(NAMES)}\n\n"
    # a feature that comes back twice on one path, a path through four features, and a tree of one split
    + _tree(
        0,
        [0, 0, 1, 0],
        [1.0, -1.0, 0.5, -2.0],
        [1, 3, -2, -1],
        [2, -3, -4, -5],
        [1.5, -2, 0.25, 3, 1],
        [5, 10, 20, 7, 8],
        [50, 33, 17, 13],
    )
    + _tree(
        1,
        [2, 3, 4, 5],
        [0.1, 0.2, 0.3, 0.4],
        [1, 2, 3, -1],
        [-2, -3, -4, -5],
        [1, -1, 2, -2, 0.5],
        [3, 9, 6, 2, 10],
        [30, 21, 15, 13],
    )
    + _tree(2, [5], [0.0], [-1], [-2], [-0.5, 0.5], [4, 6], [10])
    + "end of trees\n"
)
