"""What other money, time and offers would bring, end to end, for the shop of the call list."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError
from churnscope.project import Project
from churnscope.project.money.what_ifs import WhatIfResult
from project.test_call_list import Desk, desk_in
from project.test_schemas import problems


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_in(tmp_path_factory.mktemp("what_if"))


@pytest.fixture(scope="module")
def tried(desk: Desk) -> WhatIfResult:
    return desk.project.what_if(scores=desk.scores, budgets=[0, 100, 250], acceptances=[0.5])


def test_now_is_what_the_list_brings(desk: Desk, tried: WhatIfResult) -> None:
    listed = desk.listed()
    now = tried.figures.present
    assert (now.lines, now.gain, now.cost) == (listed.figures.lines, pytest.approx(listed.figures.gain), listed.figures.cost)
    assert (now.budget, now.minutes, tried.figures.scored) == (250, 100, 60)
    assert tried.summary.startswith(f"The best list is expected to bring {now.gain:,.0f}; an hour more would add")


def test_more_never_brings_less_and_each_point_stands_in_the_table(tried: WhatIfResult) -> None:
    rows = tried.to_arrow().to_pylist()
    for varied, places in (("budget", [0, 100, 250]), ("minutes", [0, 25, 50, 75, 100, 150, 200, 300, 400])):
        points = [row for row in rows if row["varied"] == varied]
        assert [point[varied] for point in points] == places
        gains = [point["gain"] for point in points]
        assert gains == sorted(gains)
        assert all(point["gain"] <= point["bound"] + 1e-4 for point in points)
    terms = {(row["offer_cost"], row["acceptance"]): row["gain"] for row in rows if row["varied"] == "terms"}
    assert len(terms) == 4 * 2  # the present acceptance is always among them
    assert terms[1.0, 0.5] < terms[1.0, 1.0] == tried.figures.present.gain


def test_the_figures_fit_their_schema(tried: WhatIfResult) -> None:
    figures = json.loads(tried.outputs[-1].read_text())
    assert problems(figures, "what_if") == []
    assert problems(figures | {"outlooks": []}, "what_if") != []


def test_nobody_is_named(tried: WhatIfResult) -> None:
    for path in tried.outputs:
        assert b"k00" not in path.read_bytes()
    assert tried.picture.read_text().startswith("<?xml")
    assert json.loads(tried.outputs[-1].read_text())["campaign"] == "spring"


@pytest.mark.slow
def test_the_same_again_writes_nothing_and_a_file_of_ones_own(desk: Desk, tried: WhatIfResult, tmp_path: Path) -> None:
    assert desk.project.what_if(scores=desk.scores, budgets=[0, 100, 250], acceptances=0.5).was_done
    options = {"minutes": [50], "offer_costs": [1], "acceptances": [1], "output": tmp_path / "w.parquet"}
    own = desk.project.what_if(scores=desk.scores, **options)
    assert not own.was_done
    assert [path.name for path in own.outputs] == ["w.parquet", "w.parquet.what_if.svg", "w.parquet.figures.json"]
    assert pq.read_table(own.outputs[0]).num_rows == 9 + 2 + 1


@pytest.mark.slow
def test_without_a_budget_the_cost_of_the_best_list_is_the_measure(tmp_path: Path) -> None:
    desk = desk_in(tmp_path).with_config("budget = 250\n", "")
    found = desk.project.what_if(scores=desk.scores).figures
    budgets = [each for each in found.outlooks if each.varied == "budget"]
    assert found.present.gain_per_money is None
    assert budgets[4].gain == pytest.approx(found.present.gain)
    assert budgets[0].cost == 0


@pytest.mark.parametrize("asked", [{"budgets": [-1]}, {"acceptances": [float("nan")]}])
def test_what_cannot_be_tried_is_refused(desk: Desk, asked: dict) -> None:
    with pytest.raises(ConfigError, match="cannot be tried"):
        desk.project.what_if(scores=desk.scores, **asked)


def test_without_a_call_list_it_is_said_what_to_add(desk: Desk) -> None:
    config = desk.project.config.model_copy(update={"call_list": None})
    with pytest.raises(ConfigError, match="nothing of a call list"):
        Project(config).what_if(scores=desk.scores)
