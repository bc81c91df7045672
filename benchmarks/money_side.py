"""What the steps from probability to money cost: values with intervals, a call list, and what other terms would bring."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import in_turns
from repeat_histories import histories

from churnscope import Project
from churnscope.value import RepeatRows, SpendRows
from churnscope.value.forecast import ValueModel
from churnscope.value.histories import Histories

AS_OF = date(2024, 3, 1)
HORIZON_DAYS = 90
AGENTS, MINUTES = 40, 450
FEW_CUSTOMERS = 1_000
CONFIG = """
name = "shop"
complete_through = 2024-02-29
sources.sales = { role = "purchases", format = "csv", files = "sales.csv", columns = { customer = "customer", time = "time" } }
activity.rules = [{ source = "sales", days = 60 }]
prediction.horizon_days = 30
tracking.enabled = false
folders = { outputs = "outputs", models = "models" }

[actions.call]
channel = "phone"
minutes = 10
offer_cost = 10
contact_cost = 1
acceptance = 0.3
opening = ["Good day, this is {agent}."]

[actions.letter]
channel = "e-mail"
contact_cost = 1
acceptance = 0.02

[call_list]
budget = 50_000
control_share = 0.1
"""


def money(customers: int) -> dict[str, object]:
    """Each step on files of so many customers beside its floor: the same file read and sorted by one number.

    All are done once for few customers before, so that imports and what is compiled count for nothing.
    """
    _costs(FEW_CUSTOMERS)
    return {"customers": customers, "agents": AGENTS, "costs": _costs(customers)}


def _costs(customers: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        past, scores, values = (folder / f"{what}.parquet" for what in ("histories", "scores", "values"))
        _write_histories(past, customers)
        _write_scores(scores, values, customers)
        works = {
            "value": (lambda: _valued(past), lambda: _sorted(past, "mean_spend")),
            "call list": (lambda: _listed(folder, scores, values), lambda: _sorted(scores, "churn_probability")),
            "what-if": (lambda: _tried(folder, scores, values), lambda: _sorted(scores, "churn_probability")),
        }
        return {step: in_turns({"case": case, "floor": floor}, rounds=1) for step, (case, floor) in works.items()}


def _sorted(path: Path, column: str) -> int:
    with duckdb.connect() as connection:
        return len(connection.sql(f"SELECT * FROM read_parquet('{path}') ORDER BY {column} DESC").to_arrow_table())


def _valued(past: Path) -> float:
    """Fit BG/NBD and Gamma-Gamma, forecast with intervals, discount."""
    table = pq.read_table(past)
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    spend = SpendRows(columns["frequency"], columns["mean_spend"])
    rows = RepeatRows(columns["frequency"], columns["recency_days"], columns["age_days"])
    nothing = np.zeros(len(rows))
    told = Histories(np.arange(len(rows)), rows, spend, nothing, nothing)
    model = ValueModel.fit("bg_nbd", told)
    forecast = model.forecast(told, HORIZON_DAYS)
    return float(forecast.spend.sum() + model.worth(told, margin=0.3, yearly_discount=0.15).sum())


@contextmanager
def _fresh(folder: Path) -> Iterator[Project]:
    """A business that has made no list yet."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        agents = ", ".join(f'{{ name = "Agent {number}", minutes = {MINUTES} }}' for number in range(AGENTS))
        (Path(name) / "sales.csv").write_text("customer,time\nc0,2024-02-01\n")
        (Path(name) / "config.toml").write_text(f"{CONFIG}agents = [{agents}]\n")
        yield Project(Path(name) / "config.toml")


def _listed(folder: Path, scores: Path, values: Path) -> None:
    with _fresh(folder) as project:
        project.call_list(scores=scores, values=values)


def _tried(folder: Path, scores: Path, values: Path) -> None:
    with _fresh(folder) as project:
        project.what_if(scores=scores, values=values)


def _write_histories(path: Path, customers: int) -> None:
    pq.write_table(pa.table(histories(customers)), path)


def _write_scores(scores: Path, values: Path, customers: int) -> None:
    random = np.random.default_rng(0)
    ids = pa.array([f"c{number}" for number in range(customers)])
    days = random.integers(1, 400, (3, customers))
    table = {
        "customer_id": ids,
        "as_of": pa.repeat(pa.scalar(AS_OF), customers),
        "churn_probability": random.beta(1.2, 4.0, customers),
        "risk_decile": pa.repeat(pa.scalar(1, pa.int8()), customers),
        "risk_band": pa.repeat("high", customers),
        **{f"reason_{i}": [f"last bought {number} days ago" for number in days[i - 1]] for i in (1, 2, 3)},
        "model_version": pa.repeat("v1", customers),
        "run_id": pa.repeat("r1", customers),
    }
    pq.write_table(pa.table(table), scores)
    worth = {"value": random.lognormal(4.5, 1.0, customers), "alive_probability": np.ones(customers)}
    pq.write_table(pa.table({"customer_id": ids, "as_of": table["as_of"], **worth}), values)
