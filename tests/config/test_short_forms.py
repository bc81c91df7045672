"""What is written short means what it says in full."""

from __future__ import annotations

import pytest

from churnscope.config.load import load_config
from churnscope.errors import ConfigError

BUSINESS = {
    "name": "shop",
    "sources": {"orders": {"role": "purchases", "format": "csv", "files": "a.csv", "columns": {"customer": "c", "time": "t"}}},
    "activity": {"rules": [{"source": "orders", "days": 30}]},
    "prediction": {"horizon_days": 30},
}
EXTRA = {"path": "credit.parquet", "customer": "id", "as_of": "day", "features": ["score", "limit"]}


def test_extra_features() -> None:
    config = load_config(BUSINESS | {"extra_features": EXTRA}, {})
    source = config.sources["extra_features"]
    assert (source.role, source.format) == ("extra_features", "parquet")
    assert source.columns == {"customer": "id", "time": "day"}
    assert source.signals == {"score": "score", "limit": "limit"}
    assert (
        load_config(BUSINESS | {"extra_features": EXTRA | {"known": "loaded"}}, {}).sources["extra_features"].columns["known"]
    )


def test_labels_keep_what_else_is_said_of_them() -> None:
    label = {"path": "left.csv", "customer": "id", "cutoff": "day", "churned": "left", "delay_days": 3}
    config = load_config(BUSINESS | {"label": label}, {})
    assert (config.label.kind, config.label.delay_days) == ("given", 3)
    assert config.sources["labels"].format == "csv"


def test_a_key_that_is_missing_is_named() -> None:
    short = {key: value for key, value in EXTRA.items() if key != "as_of"}
    with pytest.raises(ConfigError, match=r"\[extra_features\] as_of: this key is missing"):
        load_config(BUSINESS | {"extra_features": short}, {})


def test_what_is_misspelt_is_told_in_the_words_of_the_short_form() -> None:
    label = {"path": "left.csv", "customer": "id", "cutof": "day", "churned": "left"}
    with pytest.raises(ConfigError, match=r'\[label\] cutof: there is no such key\. Did you mean "cutoff"\?'):
        load_config(BUSINESS | {"label": label}, {})
    with pytest.raises(ConfigError, match=r'\[extra_features\] feature: there is no such key\. Did you mean "features"\?'):
        load_config(BUSINESS | {"extra_features": {"feature" if key == "features" else key: EXTRA[key] for key in EXTRA}}, {})


@pytest.mark.parametrize("features", ["score", [], [3], None])
def test_features_are_a_list_of_columns(features: object) -> None:
    with pytest.raises(
        ConfigError, match=r"\[extra_features\] features: this value is not possible\.\nWrite a list of columns"
    ):
        load_config(BUSINESS | {"extra_features": EXTRA | {"features": features}}, {})
