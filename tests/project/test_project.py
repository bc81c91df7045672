"""The steps end to end, as a script or a scheduled job runs them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError, InputError, ModelError
from churnscope.project import Project

from .conftest import Shop


def test_check_accounts_for_every_row(shop: Shop) -> None:
    result = shop.project().check()
    report = result.reports[0]
    assert report.rows_in == len(shop.sales)
    assert report.rows_in == report.used + sum(report.quarantined.values()) + sum(report.ignored.values())
    assert json.loads(json.dumps(result.to_json()))["complete_through"] == "2023-02-26"


@pytest.mark.slow
def test_training_twice_gives_the_same_model(shop: Shop, trained: Shop) -> None:
    again = shop.project().train(promote=False)
    champion = json.loads((trained.folder.parent / "models" / "corner_shop" / "champion.json").read_text())
    assert again.version == champion["version"]


def test_model_beats_the_base_rate_on_later_customers(shop: Shop) -> None:
    result = shop.project().evaluate(backtest=False)
    assert result.trained_through <= result.cutoff
    assert result.evaluation.differences["base rate"]["auroc"].low > 0
    assert all(path.is_file() for path in result.outputs)


def test_every_active_customer_is_scored_once_with_reasons(shop: Shop) -> None:
    result = shop.project().score()
    table = pq.read_table(result.outputs[1]).to_pylist()
    assert len(table) == len({row["customer_id"] for row in table}) == result.counts["active"] + result.counts["no_history"]
    assert all(0 < row["churn_probability"] < 1 for row in table)
    assert [row["churn_probability"] for row in table] == sorted((row["churn_probability"] for row in table), reverse=True)
    assert all(row["reason_1"] and row["reason_2"] and row["reason_3"] for row in table)


def test_inactive_customers_are_counted_and_listed_on_demand(shop: Shop) -> None:
    listed = shop.project().score(output=shop.folder / "all.parquet", all_customers=True)
    bands = pq.read_table(listed.outputs[0]).column("risk_band").to_pylist()
    assert bands.count("cannot_tell") == listed.counts["inactive"] > 0
    only_active = shop.project().score(output=shop.folder / "active.parquet")
    assert "cannot_tell" not in pq.read_table(only_active.outputs[0]).column("risk_band").to_pylist()
    assert only_active.counts == listed.counts


def test_csv_and_parquet_hold_the_same_customers(shop: Shop) -> None:
    result = shop.project().score()
    text, binary = pyarrow.csv.read_csv(result.outputs[0]), pq.read_table(result.outputs[1])
    assert text.column("customer_id").to_pylist() == binary.column("customer_id").to_pylist()
    assert text.column("churn_probability").to_pylist() == binary.column("churn_probability").to_pylist()


def test_the_same_run_again_writes_nothing(shop: Shop) -> None:
    first = shop.project().score()
    written = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (*first.outputs, first.manifest)}
    second = shop.project().score()
    assert (first.was_done, second.was_done) == (False, True)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in written} == written


def test_a_damaged_output_is_written_again_with_the_same_bytes(shop: Shop) -> None:
    first = shop.project().score()
    content = first.outputs[0].read_bytes()
    first.outputs[0].write_bytes(content[:-10])
    assert not shop.project().score().was_done
    assert first.outputs[0].read_bytes() == content


def test_an_earlier_day_reads_nothing_of_the_days_after(shop: Shop) -> None:
    early = shop.project().score("2023-01-02", output=shop.folder / "early.parquet")
    cut = [sale for sale in shop.sales if f"{sale.time:%Y-%m-%d}" < "2023-01-02"]
    again = shop.project(cut).score("2023-01-02", output=shop.folder / "cut.parquet")
    tables = [pq.read_table(result.outputs[0]).drop_columns(["run_id"]) for result in (early, again)]
    assert tables[0].equals(tables[1])


def test_a_day_long_after_the_data_is_warned_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    project = shop.project()
    assert project.score().counts["active"] > 0
    assert "No customer is active" not in caplog.text
    assert project.score("2031-01-01").counts["active"] == 0
    assert "No customer is active on 2031-01-01; the data are complete through 20" in caplog.text


def test_a_file_that_was_cut_short_is_warned_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    before = shop.project().score("2023-01-02").counts["active"]
    shop.project().score("2023-01-03")
    assert "cut short" not in caplog.text
    ids = sorted({sale.customer for sale in shop.sales})
    left = [sale for sale in shop.sales if sale.customer in ids[::2]]
    now = shop.project(left).score("2023-01-04").counts["active"]
    assert f"{now:,} customers are active on 2023-01-04, " in caplog.text
    assert " were on 2023-01-03. Is a file missing, or cut short?" in caplog.text
    assert now < 0.8 * before


def test_scores_of_a_day_whose_outcomes_the_model_has_seen_are_warned_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.project().score()
    assert "learned from outcomes" not in caplog.text
    shop.project().score("2023-01-02", output=shop.folder / "early.parquet")
    assert "scores as of 2023-01-02 look better than they would have been" in caplog.text


def test_score_without_a_champion_says_what_to_do(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "models" / "corner_shop" / "champion.json").unlink()
    with pytest.raises(ModelError, match="no champion model"):
        shop.project().score()


def test_a_model_of_another_definition_is_refused(shop: Shop) -> None:
    project = shop.project()
    project.config = project.config.model_copy(
        update={"prediction": project.config.prediction.model_copy(update={"horizon_days": 31})}
    )
    with pytest.raises(ModelError, match="another timing"):
        project.score()


def test_an_unknown_kind_of_output_is_refused_before_anything_is_read(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="unknown kind of output"):
        shop.project([]).score(output=shop.folder / "scores.xls")


@pytest.mark.parametrize("files", [("sales.csv",), ("s*.csv",), (".",)])
def test_a_source_is_never_written_over(shop: Shop, files: tuple[str, ...]) -> None:
    project = replace(shop).project()
    text = (shop.folder / "config.toml").read_text().replace("['sales.csv']", str(list(files)))
    (shop.folder / "config.toml").write_text(text)
    project = Project(shop.folder / "config.toml")
    before = (shop.folder / "sales.csv").read_bytes()
    with pytest.raises(ConfigError, match="would be read as part of"):
        project.score(output=shop.folder / "sales.csv")
    assert (shop.folder / "sales.csv").read_bytes() == before


def test_too_short_a_history_says_how_much_is_missing(shop: Shop) -> None:
    newest = [sale for sale in shop.sales if f"{sale.time:%Y-%m-%d}" > "2022-12-01"]
    with pytest.raises(InputError, match="complete cutoffs do not leave one each"):
        replace(shop).project(newest).train()


def test_every_run_is_in_the_ledger(shop: Shop, tmp_path: Path) -> None:
    shop.project().score()
    with pytest.raises(ModelError, match="no version"):
        shop.project().score(model="2020-01-01-00000000")
    runs = [json.loads(path.read_text()) for path in sorted((tmp_path / "outputs" / "corner_shop" / "runs").glob("*.json"))]
    assert [(run["command"], run["exit_code"]) for run in runs] == [("score", 0), ("score", 9)]
    assert runs[0]["counts"]["active"] > 0
