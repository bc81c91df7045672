"""Labels from a file take the place of the built ones, from snapshots to the model."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from churnscope.errors import ConfigError, InputError
from churnscope.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shop

SHORT = 'label = { path = "left.csv", customer = "customer_id", cutoff = "cutoff", churned = "churned" }'


def with_labels(shop: Shop, labels: pa.Table, *, short: str = SHORT) -> Project:
    shop.project()
    config: Path = shop.folder / "config.toml"
    config.write_text(f"{short}\n{config.read_text()}")
    pyarrow.csv.write_csv(labels, shop.folder / "left.csv")
    return Project(config)


@pytest.fixture
def built(shop: Shop) -> pa.Table:
    """The labels that would be built, as somebody else might deliver them."""
    table = shop.project().snapshots().to_arrow().select(["customer_id", "cutoff", "churned"])
    return table.set_column(2, "churned", table["churned"].cast(pa.bool_()))


def test_the_built_labels_given_change_nothing(shop: Shop, built: pa.Table) -> None:
    before = shop.project().snapshots().to_arrow()
    assert with_labels(shop, built).snapshots().to_arrow().equals(before)


def test_no_feature_reads_a_label(shop: Shop, built: pa.Table) -> None:
    turned = built.set_column(2, "churned", pc.invert(built["churned"]))
    before, after = shop.project().snapshots().to_arrow(), with_labels(shop, turned).snapshots().to_arrow()
    assert after.drop_columns(["churned"]).equals(before.drop_columns(["churned"]))
    assert pc.all(pc.not_equal(before["churned"], after["churned"])).as_py()


def test_cutoffs_are_the_days_the_labels_speak_of_and_who_has_none_is_not_learned_from(shop: Shop, built: pa.Table) -> None:
    days = sorted(set(built["cutoff"].to_pylist()))[-4:]
    some = built.filter(pc.is_in(built["cutoff"], pa.array(days))).slice(1)
    project = with_labels(shop, some)
    frame = project.snapshots().to_arrow()
    assert sorted(set(frame["cutoff"].to_pylist())) == days
    assert frame["churned"].null_count == 1
    assert len(project.check().cutoffs) == 4


def test_a_model_learns_from_them_and_is_judged_by_them(shop: Shop, built: pa.Table) -> None:
    project = with_labels(shop, built)
    trained = project.train()
    newest = max(built["cutoff"].to_pylist())
    judged = built.filter(pc.equal(built["cutoff"], newest))
    assert trained.evaluation.rows == judged.num_rows
    assert trained.evaluation.churned == pc.sum(judged["churned"]).as_py()
    assert project.score().counts["active"] > 0


def test_a_label_that_contradicts_another_is_refused(shop: Shop, built: pa.Table) -> None:
    first = built.slice(0, 1)
    other = first.set_column(2, "churned", pc.invert(first["churned"]))
    with pytest.raises(InputError, match="1 given labels differ"):
        with_labels(shop, pa.concat_tables([built, other])).snapshots()


def test_labels_that_are_asked_for_and_not_there(shop: Shop, built: pa.Table) -> None:
    with pytest.raises(ConfigError, match="no source holds labels"):
        with_labels(shop, built, short='label = { kind = "given" }')


def test_labels_nobody_asks_for_are_noticed(shop: Shop, built: pa.Table) -> None:
    source = """
[sources.left]
role = "labels"
format = "csv"
files = "left.csv"
columns = { customer = "customer_id", time = "cutoff", churned = "churned" }
"""
    shop.project()
    config = shop.folder / "config.toml"
    config.write_text(config.read_text() + source)
    pyarrow.csv.write_csv(built, shop.folder / "left.csv")
    assert any("Source left holds labels that are not read" in line for line in Project(config).check().advice)


def test_a_label_without_a_day_of_its_own_is_quarantined(shop: Shop, built: pa.Table) -> None:
    empty = pa.table({"customer_id": ["c0001"], "cutoff": pa.array([None], pa.date32()), "churned": [True]})
    report = next(
        report for report in with_labels(shop, pa.concat_tables([built, empty])).check().reports if report.role == "labels"
    )
    assert sum(report.quarantined.values()) == 1
    assert report.first_day is not None
    assert date.fromordinal(719163 + report.first_day) == min(built["cutoff"].to_pylist())
