"""The report end to end: who may read it, when it is written, and what it is made from."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError, ModelError, StorageError
from churnscope.project.models.past import folds_of, past_evaluations
from churnscope.project.session import Folders

from .conftest import Shop


def current_umask() -> int:
    """The rights that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.fixture(scope="module")
def reported(trained: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Path]:
    """A shop of its own, that nobody has evaluated, and its report."""
    home = tmp_path_factory.mktemp("reported")
    shutil.copytree(trained.folder.parent / "models", home / "models")
    (home / "configs").mkdir()
    shop = replace(trained, folder=home / "configs")
    shop.project().report(output=home / "page.html")
    return shop, home / "page.html"


def test_a_page_that_names_customers_is_for_its_owner_alone(reported: tuple[Shop, Path]) -> None:
    _, page = reported
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "mode 0600" in page.read_text("utf-8")


def test_the_riskiest_are_those_of_the_score_file(reported: tuple[Shop, Path], tmp_path: Path) -> None:
    shop, page = reported
    scores = pq.read_table(shop.project().score(output=tmp_path / "scores.parquet").outputs[0]).to_pylist()
    text = page.read_text("utf-8")
    assert "churnscope evaluate CONFIG --model champion" in text  # nobody has evaluated it so far
    places = [text.index(f">{row['customer_id']}<") for row in scores[:20]]
    assert places == sorted(places)
    assert f">{scores[20]['customer_id']}<" not in text
    assert scores[0]["reason_1"] in text


def test_the_same_report_again_writes_nothing(reported: tuple[Shop, Path]) -> None:
    shop, page = reported
    before = page.stat().st_mtime_ns
    assert shop.project().report(output=page).was_done
    assert page.stat().st_mtime_ns == before


@pytest.mark.slow
def test_without_customers_nobody_is_named_and_others_may_read(shop: Shop) -> None:
    result = shop.project().report(customers=False)
    assert not result.names_customers
    assert stat.S_IMODE(result.page.stat().st_mode) & 0o444 == 0o444 & ~current_umask()
    text = result.page.read_text("utf-8")
    assert not any(customer in text for customer in {sale.customer for sale in shop.sales})
    assert result.page.parts[-4:] == ("corner_shop", "reports", "2023-02-27", "report.html")
    manifest = json.loads(result.manifest.read_text())
    assert (manifest["command"], manifest["run_id"]) == ("report", result.run_id)
    assert json.loads(json.dumps(result.to_json()))["as_of"] == "2023-02-27"


def test_another_ending_is_refused_before_any_work(shop: Shop) -> None:
    with pytest.raises(ConfigError, match=r"page\.pdf: a report is an HTML page"):
        shop.project().report(output="page.pdf")
    assert not Folders.of(shop.project().config).outputs.exists()


def test_a_report_without_a_model_says_how_to_get_one(shop: Shop) -> None:
    (shop.folder.parent / "models" / "corner_shop" / "champion.json").unlink()
    with pytest.raises(ModelError, match="no champion"):
        shop.project().report()


@pytest.mark.slow
def test_later_evaluations_are_part_of_the_report_unless_somebody_changed_them(shop: Shop) -> None:
    project = shop.project()
    folder = Folders.of(project.config).outputs / "evaluation"
    assert past_evaluations(folder, project.config, 30_000) == ()
    result = project.evaluate()
    (past,) = past_evaluations(folder, project.config, result.as_of)
    assert (past.cutoff, past.evaluation.rows) == (result.cutoff, result.evaluation.rows)
    assert [fold.cutoff for fold in folds_of((past,), result.version)] == [fold.cutoff for fold in result.backtest]
    assert folds_of((past,), "another") == folds_of((), result.version) == ()
    assert past_evaluations(folder, project.config, result.as_of - 1) == ()
    other = project.config.model_copy(update={"time_zone": "UTC"})
    assert past_evaluations(folder, other, result.as_of) == ()
    text = project.report().page.read_text("utf-8")
    assert f"Judged at {len(result.backtest)} cutoffs" in text
    assert "Customers the model never met" in text
    figures = next(path for path in result.outputs if path.name == "evaluation.json")
    figures.write_text(figures.read_text().replace("0", "1", 1))
    assert past_evaluations(folder, project.config, result.as_of) == ()


@pytest.mark.slow
def test_the_newest_call_list_by_the_day_stands_on_the_page(shop: Shop) -> None:
    project = shop.project()
    lists = Folders.of(project.config).outputs / "call_lists"
    figures = {
        **dict.fromkeys(("scored", "waiting", "again", "lines", "control"), 7),
        **dict.fromkeys(("cost", "gain", "bound", "value_at_risk", "control_share", "universal_share"), 0.5),
        **{key: {} for key in ("left_out", "dropped", "actions", "agents")},
        **dict.fromkeys(("last_day", "budget", "churn", "smallest_effect")),
        "notes": ["Nobody can tell."],
    }
    for made_on in ("2023-02-20", "2023-02-27", "2023-03-06"):
        (lists / made_on).mkdir(parents=True)
        (lists / made_on / "figures.json").write_text(json.dumps({**figures, "campaign": f"of {made_on}"}))
    text = project.report(customers=False).page.read_text("utf-8")
    assert "of 2023-02-27 has 7 lines" in text
    assert "of 2023-03-06" not in text  # it was not there yet
    assert "Nobody can tell." in text
    (lists / "2023-02-27" / "figures.json").write_text("{}")
    with pytest.raises(StorageError, match="damaged"):
        project.report(customers=False)


@pytest.mark.slow
def test_the_newest_life_cycle_by_the_day_is_the_last_part_of_the_page(shop: Shop) -> None:
    project = shop.project()
    heading = "The life cycle of all customers"
    assert heading not in project.report().page.read_text("utf-8")
    told = project.lifecycle("2023-02-20")
    result = project.report()
    assert not result.was_done
    text = result.page.read_text("utf-8")
    assert text.index(heading) < text.index('id="stages"') < text.index('id="budget"')
    assert "Life cycle of 20 February 2023: 2023-02-20/figures.json." in text
    assert project.report().was_done
    figures = next(path for path in told.outputs if path.name == "figures.json")
    figures.write_text('{"stages": {}}')
    with pytest.raises(StorageError, match=r"figures\.json is damaged"):
        project.report()
