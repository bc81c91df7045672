"""Formulas compute what they say, and nothing else."""

import numpy as np
import pytest

from churnscope.lifecycle.formulas import evaluate, in_numbers, named

NUMBERS = {"a": np.array([6.0, 1.0]), "b": np.array([3.0, 0.0])}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a + b * 2", [12, 1]),
        ("(a + b) * 2", [18, 2]),
        ("-a - b", [-9, -1]),
        ("max(0, b - a)", [0, 0]),
        ("min(a, 2)", [2, 1]),
        ("a / b", [2, np.nan]),
    ],
)
def test_a_formula_is_computed(formula, expected):
    assert evaluate(formula, NUMBERS).tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("formula", ["a ** b", "a.real", "__import__('os')", "abs(a)", "max(a, b, 1)", "'a'", "a if b else 1"])
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(ValueError, match="not a"):
        evaluate(formula, NUMBERS)


def test_a_name_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="c"):
        evaluate("a + c", NUMBERS)


def test_names_and_their_numbers():
    assert named("max(0, a - b_2) / a") == ("a", "b_2")
    assert in_numbers("max(0, a - b_2) / a", {"a": 1234.5, "b_2": 0.25}) == "max(0, 1,234 - 0.25) / 1,234"
