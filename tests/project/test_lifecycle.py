"""The life cycle of a shop's customers, end to end."""

from __future__ import annotations

import json
import os
from io import StringIO
from itertools import pairwise
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.cli.lifecycle import describe
from churnscope.cli.rendering import print_parts
from churnscope.errors import ConfigError
from churnscope.lifecycle.spells import STAGES, WITH_US
from churnscope.project import Project
from churnscope.project.lifecycle.catalog import parts_of
from churnscope.project.lifecycle.stages import life
from churnscope.timeline import date_of

from .conftest import Sale, Shop
from .test_schemas import problems

if TYPE_CHECKING:
    import pyarrow as pa

    from churnscope.project.lifecycle.lived import LifecycleResult


GOLDEN = Path(__file__).with_name("lifecycle.txt")


@pytest.fixture(scope="module")
def project(sales: tuple[Sale, ...], tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("lived") / "configs"
    folder.mkdir()
    return Shop(folder, sales).project()


@pytest.fixture(scope="module")
def lived(project: Project) -> LifecycleResult:
    return project.lifecycle()


def file(lived: LifecycleResult, name: str) -> pa.Table:
    path = next(path for path in lived.outputs if path.name == name)
    return pq.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)


def test_every_customer_known_has_a_stage_and_those_with_us_are_the_active(lived: LifecycleResult, project: Project) -> None:
    rows = lived.to_arrow()
    now = lived.figures["stages"]["days"]["now"]
    counts = {row["values"]: row["counts"] for row in pc.value_counts(rows["stage"]).to_pylist()}
    assert {stage: now[stage] for stage in STAGES if now[stage]} == counts
    assert now["known"] == rows.num_rows == sum(counts.values())
    assert sum(counts.get(stage, 0) for stage in WITH_US) == project.snapshots(cutoffs=date_of(lived.as_of)).to_arrow().num_rows
    for row in rows.to_pylist():
        assert (date_of(lived.as_of) - row["entered"]).days == row["days_in_stage"]
        assert row["stage"] != row["previous_stage"]


@pytest.mark.slow
def test_stages_and_figures_fit_their_schemas(lived: LifecycleResult) -> None:
    assert [problem for row in lived.to_arrow().to_pylist() for problem in problems(row, "stages")][:3] == []
    figures = json.loads(lived.outputs[-1].read_text())
    assert problems(figures, "lifecycle") == []
    assert problems(figures | {"stages": None}, "lifecycle") != []


def test_months_moves_and_spells_tell_the_same(lived: LifecycleResult) -> None:
    months, moves, spells = (file(lived, name) for name in ("months.csv", "transitions.csv", "spells.parquet"))
    rows = months.to_pylist()
    assert len(rows) > 10
    for row, following in pairwise(rows):
        of_month = [move for move in moves.to_pylist() if move["month"] == row["day"].isoformat()[:7]]
        for stage in STAGES:
            assert sum(move["customers"] for move in of_month if move["from_stage"] == stage) == row[stage]
            assert sum(move["customers"] for move in of_month if move["to_stage"] == stage) == following[stage]
            in_force = [
                spell
                for spell in spells.to_pylist()
                if spell["stage"] == stage
                and spell["entered"] <= row["day"]
                and (spell["left"] is None or spell["left"] > row["day"])
            ]
            assert len(in_force) == row[stage]


@pytest.mark.slow
def test_the_same_run_again_writes_nothing_and_says_the_same(lived: LifecycleResult, project: Project, tmp_path: Path) -> None:
    copytree(lived.outputs[0].parents[4], tmp_path / "shop")
    copied = Project(tmp_path / "shop" / "configs" / "config.toml")
    again = copied.lifecycle()
    assert again.was_done
    assert again.figures == lived.figures
    assert [section.title for section in again.sections] == [section.title for section in lived.sections]
    shorter = copied.lifecycle(months=3)
    assert not shorter.was_done
    assert len(shorter.figures["stages"]["months"]) == 4


def test_every_file_of_a_part_is_written_and_every_picture_drawn(lived: LifecycleResult, project: Project) -> None:
    named = {name for part in parts_of(project.config) for name in (*part.tables, *part.pictures)}
    assert {path.name for path in lived.outputs} == named | {"figures.json"}
    pictures = [path.read_text() for path in lived.outputs if path.suffix == ".svg"]
    assert all(picture.startswith("<?xml") and len(picture) > 5_000 for picture in pictures)
    assert json.loads(lived.outputs[-1].read_text()) == lived.figures
    assert lived._repr_html_().count("<svg") == len(pictures)


def test_second_purchases_are_those_of_the_sales(lived: LifecycleResult, sales: tuple[Sale, ...]) -> None:
    read = [sale for sale in sales if sale.time.date() < date_of(lived.as_of) and sale.known.date() <= date_of(lived.as_of)]
    days = {sale.customer: set() for sale in read}
    for sale in read:
        days[sale.customer].add(sale.time.date())
    everybody = lived.figures["second_purchase"]["cohorts"][0]
    assert everybody["customers"] == len(days)
    assert everybody["again"] == sum(len(each) > 1 for each in days.values())


def test_an_earlier_day_reads_nothing_later(lived: LifecycleResult, project: Project) -> None:
    """The stages as of a day are those that the later life tells of it."""
    day = lived.as_of - 100
    then, later = life(project.config, day, groups=()), life(project.config, None, groups=())
    told = dict(zip(then.ids.tolist(), then.spells.on(day).tolist(), strict=True))
    by_id = dict(zip(later.ids.tolist(), later.spells.on(day).tolist(), strict=True))
    assert told.items() <= by_id.items()
    assert {stage for customer, stage in by_id.items() if customer not in told} <= {-1}


def test_customers_are_divided_by_what_sources_tell(project: Project) -> None:
    told = life(project.config, None)
    assert list(told.groups) == ["is_recent_purchaser", "is_loyal", "cohort"]
    months = np.array([date_of(int(day)).isoformat()[:7] for day in told.first.event])
    assert (np.array(told.groups["cohort"].labels)[told.groups["cohort"].code] == months).all()
    assert list(life(project.config, None, groups=["is_loyal"]).groups) == ["is_loyal"]
    with pytest.raises(ConfigError, match="Customers cannot be divided by is_loyl: no source tells it"):
        life(project.config, None, groups=["is_loyl"])


def test_months_and_flat_files_that_cannot_be() -> None:
    flat = {"name": "flat", "sources": {"people": {"role": "snapshot", "format": "csv", "files": "x.csv", "columns": {}}}}
    flat["sources"]["people"]["columns"] = {"customer": "id", "churned": "left"}
    with pytest.raises(ConfigError, match="it has no stages of a life cycle"):
        Project(flat).lifecycle()


def test_months_are_a_number_of_them(project: Project) -> None:
    with pytest.raises(ConfigError, match="--months 0 is no number of months"):
        project.lifecycle(months=0)


def printed(lived: LifecycleResult, *parts: str) -> str:
    stream = StringIO()
    print_parts(describe(lived, tuple(section for part in parts for section in lived.part(part).sections)), stream)
    return stream.getvalue()


def test_the_short_answers_are_these_and_fill_a_screen_or_two(lived: LifecycleResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rewritten by the environment variable REWRITE_GOLDEN."""
    monkeypatch.chdir(lived.manifest.parents[4])
    text = printed(lived).replace(lived.run_id, "RUN")
    if os.environ.get("REWRITE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    assert text.count("\n") < 75


def test_one_part_is_printed_in_full_and_another_name_is_refused(lived: LifecycleResult) -> None:
    text = printed(lived, "retention")
    assert "half gone, days" in text
    assert "Who moves where" not in text
    assert "How long customers stay" in lived.part("retention")._repr_html_()
    with pytest.raises(ConfigError, match=r"no part 'retentoin'\.\nDid you mean .retention"):
        lived.part("retentoin")


@pytest.mark.slow
def test_the_flow_is_that_of_a_year_or_begins_when_a_tenth_were_known(lived: LifecycleResult, project: Project) -> None:
    flow = lived.figures["transitions"]["flow"]
    assert (flow["from"], flow["to"], flow["months"]) == ("2022-02-27", "2023-02-27", 12)
    early = project.lifecycle("2022-03-20").figures["transitions"]["flow"]
    assert (early["from"], early["months"]) == ("2022-01-20", 2)
    assert sum(move["customers"] for move in early["moves"] if move["from"] in WITH_US) > 20
    project.lifecycle()
