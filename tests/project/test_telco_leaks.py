"""Columns of a customer table that are as of the day it was written are found from the terms, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from churnscope.errors import InputError
from churnscope.project import Project

DATA = Path(os.environ.get("CHURNSCOPE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "telco_churn"
CONFIG = """
name = "telco"
complete_through = 2020-01-31
[sources.contracts]
role = "subscriptions"
format = "parquet"
files = "{data}/contracts.parquet"
rolling = {{ months = 1 }}
[sources.contracts.columns]
customer = "customer_id"
start = "begin_date"
ended = "nullif(end_date, 'No')"
price = "monthly_charges"
[sources.people]
role = "customers"
format = "parquet"
files = "people.parquet"
columns = {{ customer = "customer_id" }}
attributes = ["x1", "x2", "x3", "x4", "x5"]
static = ["x1", "x2", "x3", "x4", "x5"]
[activity]
rules = [{{ source = "contracts", in_force = true }}]
[label]
kind = "contract_end"
[prediction]
horizon_days = 30
cutoffs = [2019-09-15, 2019-10-15, 2019-11-15, 2019-12-15]
[tracking]
enabled = false
"""


@pytest.mark.slow
def test_tenure_and_total_charges_are_found_under_other_names(tmp_path: Path) -> None:
    if not DATA.exists():
        pytest.skip("needs telco_churn/: set CHURNSCOPE_DATA to the folder that holds it")
    query = f"""\
        SELECT customer_id, gender AS x1, tenure AS x2, TRY_CAST(total_charges AS DOUBLE) AS x3, monthly_charges AS x4,
               payment_method AS x5
        FROM '{DATA}/customers.parquet'"""
    duckdb.sql(query).write_parquet(str(tmp_path / "people.parquet"))
    (tmp_path / "config.toml").write_text(CONFIG.format(data=DATA))
    project = Project(tmp_path / "config.toml")
    findings = project.audit().findings
    assert {finding.subject: (finding.kind, finding.severity) for finding in findings} == {
        "people.x2": ("is as of today", "leak"),
        "people.x3": ("is as of today", "leak"),
    }
    with pytest.raises(InputError, match=r"people\.x2"):
        project.train()
