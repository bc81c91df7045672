"""A small shop, its raw file, and the model trained on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from churnscope.model.bundle import promote
from churnscope.project import Project

FIRST_DAY = datetime(2022, 1, 3)  # a Monday
DAYS = 420
CONFIG = """
name = "corner_shop"
time_zone = "Europe/London"
complete_through = {complete_through}

[sources.sales]
role = "purchases"
format = "csv"
files = {files}

[sources.sales.columns]
customer = "customer"
time = "time"
amount = "amount"
order = "order"
known = "known"

[activity]
rules = [{{ source = "sales", days = 60 }}]

[prediction]
horizon_days = 30

[features]
windows_days = [14, 60]

[model]
seeds = 1
rounds = 30
patience = 10

[evaluation]
bootstraps = 40

[tracking]
enabled = false

[folders]
outputs = "../outputs"
models = "../models"
"""


@dataclass(frozen=True)
class Sale:
    """One line of the shop's file."""

    customer: str
    time: datetime
    amount: float
    order: str
    known: datetime

    def line(self) -> str:
        return f"{self.customer},{self.time:%Y-%m-%d %H:%M:%S},{self.amount:.2f},{self.order},{self.known:%Y-%m-%d %H:%M:%S}"

    def later(self, days: int) -> Sale:
        return replace(self, time=self.time + timedelta(days=days), known=self.known + timedelta(days=days))


@dataclass(frozen=True)
class Shop:
    """Sales, and the folder they are written to."""

    folder: Path
    sales: tuple[Sale, ...]
    complete_through: str = "2023-02-26"
    files: tuple[str, ...] = field(default=("sales.csv",))

    def project(self, sales: Iterable[Sale] | None = None) -> Project:
        """The project over files that hold these sales, dealt out among the files."""
        rows = list(self.sales if sales is None else sales)
        for i, name in enumerate(self.files):
            lines = [sale.line() for sale in rows[i :: len(self.files)]]
            (self.folder / name).write_text("\n".join(["customer,time,amount,order,known", *lines]) + "\n")
        config = self.folder / "config.toml"
        config.write_text(CONFIG.format(complete_through=self.complete_through, files=list(self.files)))
        return Project(config)


def simulated_sales(seed: int = 0, customers: int = 500) -> tuple[Sale, ...]:
    """Customers who buy at rates of their own and stop at some day; a tenth of the lines arrives two days late."""
    rng = np.random.default_rng(seed)
    sales = []
    for number in range(customers):
        stops = min(rng.exponential(300), DAYS)
        gap = rng.gamma(3, 6)
        day = rng.uniform(0, 60)
        while day < stops:
            time = FIRST_DAY + timedelta(days=float(day))
            time = time.replace(microsecond=0)
            known = time + timedelta(days=2 if rng.random() < 0.1 else 0)
            sales.append(Sale(f"c{number:04d}", time, round(float(rng.gamma(2, 10)), 2), f"o{len(sales)}", known))
            day += rng.exponential(gap)
    return tuple(sales)


@pytest.fixture(scope="session")
def sales() -> tuple[Sale, ...]:
    return simulated_sales()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, sales: tuple[Sale, ...]) -> Shop:
    """A shop whose model is trained; tests must not change its files. See `shop`."""
    folder = tmp_path_factory.mktemp("trained") / "configs"
    folder.mkdir()
    shop = Shop(folder, sales)
    result = shop.project().train(promote=False)
    promote(folder.parent / "models", result.name, result.version)
    return shop


@pytest.fixture
def shop(trained: Shop, tmp_path: Path) -> Shop:
    """A shop of its own with a copy of the trained model."""
    folder = tmp_path / "configs"
    folder.mkdir()
    shutil.copytree(trained.folder.parent / "models", tmp_path / "models")
    return replace(trained, folder=folder)


@pytest.fixture
def bare(sales: tuple[Sale, ...], tmp_path: Path) -> Shop:
    """A shop without a model."""
    folder = tmp_path / "configs"
    folder.mkdir()
    return Shop(folder, sales)
