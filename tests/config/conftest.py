"""A small config as text, and a way to write and load variants of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from churnscope.config.load import load_config
from churnscope.config.models import Config

SHOP = """
name = "shop"

[sources.orders]
role = "purchases"
format = "csv"
files = "orders.csv"
columns = { customer = "Customer ID", time = "date", amount = "Quantity * Price" }
signals = { big = "Quantity > 10" }

[sources.people]
role = "customers"
format = "parquet"
files = "people.parquet"
columns = { customer = "id" }

[activity]
rules = [{ source = "orders", days = 90 }]

[prediction]
horizon_days = 60
"""

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the shop's config after replacing pieces of its text, under an environment of its own."""

    def load_variant(*replacements: tuple[str, str], more: str = "", environment: Mapping[str, str] | None = None) -> Config:
        text = SHOP
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "configs" / "shop.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + more, encoding="utf-8")
        return load_config(path, environment or {})

    return load_variant
