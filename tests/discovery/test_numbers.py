"""How numbers are written."""

import pytest

from churnscope.discovery.numbers import read_numbers


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "has_words", "number"),
    [
        (["1", "-2.50", "1e3"], ".", "", False, 1.0),
        (["1,5", "12", "-3,25"], ",", "", False, 1.5),
        (["1.234,50", "12,00"], ",", ".", False, 1234.5),
        (["1,234.50", "12.00"], ".", ",", False, 1234.5),
        (["$1,234.50", "$12.00"], ".", ",", True, 1234.5),
        (["12,50 €", "3,00 €"], ",", "", True, 12.5),
        (["1 234,50", "2,00"], ",", "", True, 1234.5),
    ],
)
def test_styles(values, decimal, thousands, has_words, number):
    found = read_numbers(values)
    assert (found.decimal, found.thousands, found.has_words) == (decimal, thousands, has_words)
    assert found.number(values[0]) == number
    assert not found.is_open


def test_three_digits_behind_every_comma_stay_open():
    thousands, decimals = read_numbers(["1,234", "2,500"]), read_numbers(["1,234", "2,500"], comma_hint=True)
    assert (thousands.thousands, decimals.decimal) == (",", ",")
    assert thousands.is_open
    assert decimals.is_open


def test_some_faults_are_allowed_and_counted():
    found = read_numbers(["1"] * 99 + ["broken"])
    assert (found.fits, found.values) == (99, 100)
    assert read_numbers(["1"] * 9 + ["broken"]) is None
