"""What a result says of itself, in a line and in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

from churnscope.evaluation.backtest import Fold
from churnscope.project.results import near
from churnscope.timeline import Split

if TYPE_CHECKING:
    from churnscope.project.results import Summarised

    from .conftest import Shop


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(result: object) -> _Tags:
    tags = _Tags()
    tags.feed(result._repr_html_())  # type: ignore[attr-defined]
    assert tags.open == []
    assert "script" not in tags.tags
    return tags


@pytest.fixture(scope="module")
def results(trained: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Summarised]:
    folder = tmp_path_factory.mktemp("shown") / "configs"
    copytree(trained.folder.parent / "models", folder.parent / "models")
    folder.mkdir()
    project = replace(trained, folder=folder).project()
    return {
        "check": project.check(),
        "advise": project.advise(),
        "evaluate": project.evaluate(backtest=False),
        "score": project.score(),
        "drivers": project.drivers(),
        "catalog": project.catalog(),
        "features": project.features(),
        "sync": project.sync(),
        "models": project.models(),
        "show": project.show("latest"),
    }


@pytest.mark.slow
def test_results_show_themselves(results: dict[str, Summarised]) -> None:
    for result in results.values():
        parsed(result)
        assert result.summary in repr(result)
        assert len(repr(result)) < 400
    judged = parsed(results["evaluate"])
    assert judged.tags.count("svg") == 3
    assert len(set(judged.ids)) == len(judged.ids)
    assert parsed(results["advise"]).tags.count("svg") == 1
    assert parsed(results["score"]).tags.count("tr") == 11
    assert "Next: " in repr(results["score"])
    assert parsed(results["models"]).tags.count("tr") == 2
    assert repr(results["models"]).startswith("VersionList: 1 saved version of ")
    assert parsed(results["show"]).tags.count("svg") == 3
    moved = results["drivers"]
    assert parsed(moved).tags.count("svg") == 1 + len(moved.effects)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_what_to_do_is_said_once(results: dict[str, Summarised]) -> None:
    for result in results.values():
        assert result._repr_html_().count(escape(result.next_step)) == 1 or not result.next_step


def test_figures_show_their_intervals_apart_and_differences_their_tone(results: dict[str, Summarised]) -> None:
    shown = results["evaluate"]._repr_html_()
    auroc = results["evaluate"].evaluation.model.metrics["auroc"]  # type: ignore[attr-defined]
    assert f'<td style="text-align: right">{auroc.value:.3f}<br/>' in shown
    assert f">{auroc.low:.3f} to {auroc.high:.3f}</span>" in shown
    assert ">model minus</th>" in shown


def test_a_backtest_is_drawn_cutoff_by_cutoff(results: dict[str, Summarised]) -> None:
    judged = results["evaluate"]
    folds = tuple(Fold(Split((), (), (day,)), judged.evaluation, None) for day in (19_000, 19_030))  # type: ignore[attr-defined]
    tags = parsed(replace(judged, backtest=folds))  # type: ignore[type-var]
    assert tags.tags.count("svg") == 5
    assert len(set(tags.ids)) == len(tags.ids)


def test_drivers_are_the_concepts_of_the_report_as_rows(results: dict[str, Summarised]) -> None:
    moved = results["drivers"]
    rows = moved.to_pandas()  # type: ignore[attr-defined]
    assert list(rows) == ["concept", "share", "feature", "direction"]
    assert rows["share"].is_monotonic_decreasing
    assert rows["share"].sum() == pytest.approx(1)
    assert moved.to_json()["drivers"][0]["concept"] == rows["concept"][0]  # type: ignore[attr-defined]


def test_a_path_below_the_present_folder_is_shown_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert near(tmp_path / "outputs" / "scores.csv") == Path("outputs/scores.csv")
    assert near(Path("/elsewhere/scores.csv")) == Path("/elsewhere/scores.csv")


def test_a_comparison_and_a_change_are_told_in_a_line(shop: Shop) -> None:
    project = shop.project()
    compared, served = project.compare("latest", "latest"), project.promote("latest", force=True)
    assert compared.verdict in repr(compared)
    assert parsed(compared).tags.count("tr") > 1
    assert served.version in repr(served)
    assert repr(served).endswith("Next: project.score()")


def test_values_of_the_data_are_text(shop: Shop) -> None:
    sales = [replace(sale, customer="<script>x</script>") if sale.customer == "c0001" else sale for sale in shop.sales]
    frame = shop.project(sales).snapshots()
    parsed(frame)
    assert "Frame of" in repr(frame)
