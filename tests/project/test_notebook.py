"""What a result says of itself, in a line and in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

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


@pytest.fixture
def results(shop: Shop) -> dict[str, Summarised]:
    project = shop.project()
    return {
        "check": project.check(),
        "advise": project.advise(),
        "evaluate": project.evaluate(backtest=False),
        "score": project.score(),
        "catalog": project.catalog(),
        "features": project.features(),
        "sync": project.sync(),
    }


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


def test_values_of_the_data_are_text(shop: Shop) -> None:
    sales = [replace(sale, customer="<script>x</script>") if sale.customer == "c0001" else sale for sale in shop.sales]
    frame = shop.project(sales).snapshots()
    parsed(frame)
    assert "Frame of" in repr(frame)
