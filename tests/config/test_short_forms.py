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
    with pytest.raises(ConfigError, match=r"\[sources.extra_features\] columns.time: this key is missing"):
        load_config(BUSINESS | {"extra_features": short}, {})
