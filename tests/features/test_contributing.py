"""CONTRIBUTING's feature family, done as it is written there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from churnscope.features import build, catalog
from churnscope.features.family import Family
from oracle import families as oracles
from oracle.expected import visible
from oracle.history import History
from oracle.scenes import CUTOFFS, Shape, plan, rows_of, scene

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
OWN, FOR_EVERYBODY, RESTATEMENT = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_there_is_one_example_of_each() -> None:
    assert '"""How much the customer buys at once."""' in FOR_EVERYBODY
    assert 'plugins = ["my_families"]' in TEXT


def declared(text: str, module: str) -> tuple[Family, ...]:
    """The family of a text, also where somebody has followed it to the letter and the name is taken."""
    names: dict[str, object] = {"__name__": module}
    exec(text, names)
    return (names["bulk_lines"],)


@pytest.fixture
def own() -> tuple[Family, ...]:
    return declared(OWN, "my_families")


@pytest.fixture
def for_everybody() -> tuple[Family, ...]:
    return declared(FOR_EVERYBODY, "churnscope.features.bulk")


def test_both_ways_give_the_same_two_features(own: tuple[Family, ...], for_everybody: tuple[Family, ...]) -> None:
    specs = catalog({"purchases": frozenset({"quantity"})}, [30, 365], own)
    assert [spec.name for spec in specs] == ["bulk_line_count_365d", "bulk_line_count_ever"]
    assert specs[0].say(1, {}) == "1 line of ten or more in the last 365 days"
    assert catalog({"purchases": frozenset({"quantity"})}, [30, 365], for_everybody) == specs


def test_the_restatement_says_the_same_of_random_histories(own: tuple[Family, ...]) -> None:
    shape = Shape(8, customers=40)
    block = scene(shape)
    block.logs["purchases"].signals["quantity"][::2] *= 9  # so that some are of ten and more
    setting = plan(block, shape, families=own)
    names: dict[str, object] = dict(vars(oracles)) | {"oracle": lambda function: function}
    exec(textwrap.dedent(RESTATEMENT), names)
    seen = {role: setting.grid.see(events) for role, events in block.logs.items()}
    features = {feature.name: feature.values for _, feature in build(own, setting.logs(seen))}
    assert max(np.nanmax(values) for values in features.values()) > 1
    for k, c in np.ndindex(len(CUTOFFS), block.n_customers):
        rows = visible(rows_of(block.logs["purchases"], c), CUTOFFS[k])
        history = History(rows, CUTOFFS[k], setting.windows, setting.columns["purchases"], "purchase")
        assert names["bulk_lines"](history) == {name: values[k, c] for name, values in features.items()}
