"""A feature family of one's own, from a file beside the config to a refused model when its source changes."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError, ModelError
from churnscope.model.bundle import promote
from churnscope.project import Project

from .conftest import Shop

FAMILY = '''
from churnscope.features import FALLING, Feature, family, suffix, within


@family("purchases", needs=("amount",))
def small_orders(log):
    """How often the customer bought for less than ten."""
    small = log.kept.derive("small", lambda rows: rows.signals["amount"] < 10 / log.resolution)
    for window in log.long_windows:
        yield Feature(
            name=f"small_order_count_{suffix(window)}",
            unit="lines",
            window=window,
            concept="small orders",
            sentence=f"{{value:.0f}} small orders {within(window)}",
            direction=FALLING,
            values=log.kept.total(small, window),
        )
'''


@pytest.fixture
def own_shop(shop: Shop) -> Shop:
    """The shop with a family of its own, in a file beside its config."""
    (shop.folder / "my_families.py").write_text(FAMILY)
    return shop


def with_family(shop: Shop, plugin: str = "my_families") -> Project:
    project = shop.project()
    features = project.config.features.model_copy(update={"plugins": (plugin,)})
    project.config = project.config.model_copy(update={"features": features})
    return project


def test_it_is_in_the_catalogue_the_model_and_the_scores(own_shop: Shop) -> None:
    project = with_family(own_shop)
    names = [spec.name for spec in project.catalog().features if spec.family == "small_orders"]
    assert names == ["small_order_count_60d", "small_order_count_ever"]
    trained = project.train(promote=False)
    assert project.score(model=trained.version).counts["active"] > 0


@pytest.mark.slow
def test_a_changed_source_refuses_the_model(own_shop: Shop) -> None:
    trained = with_family(own_shop).train(promote=False)
    promote(own_shop.folder.parent / "models", trained.name, trained.version)
    (own_shop.folder / "my_families.py").write_text(FAMILY.replace("< 10", "< 20"))
    with pytest.raises(ModelError, match="plugins of the features changed"):
        with_family(own_shop).score()


def test_a_missing_module_is_named(own_shop: Shop) -> None:
    with pytest.raises(ConfigError, match='no module "nowhere"'):
        with_family(own_shop, "nowhere").catalog()


def test_numbers_computed_elsewhere_are_joined_as_of_their_day(shop: Shop) -> None:
    project = shop.project()
    (shop.folder / "credit.csv").write_text("id,as_of,score\nc0001,2022-06-01,10\nc0001,2022-12-31,20\nc0001,2023-01-01,30\n")
    text = (shop.folder / "config.toml").read_text() + (
        '\n[sources.credit]\nrole = "extra_features"\nformat = "csv"\nfiles = "credit.csv"\ntypes = { score = "number" }\n'
        'signals = { credit_score = "score" }\ncolumns = { customer = "id", time = "as_of" }\n'
    )
    (shop.folder / "config.toml").write_text(text)
    project = Project(shop.folder / "config.toml")
    written = project.features(cutoffs=["2022-05-01", "2022-06-01", "2022-06-02", "2023-01-01", "2023-01-02"])
    table = pq.read_table(written.output, columns=["customer_id", "cutoff", "latest_credit_score"]).to_pylist()
    values = {str(row["cutoff"]): row["latest_credit_score"] for row in table if row["customer_id"] == "c0001"}
    expected = {"2022-05-01": None, "2022-06-01": None, "2022-06-02": 10, "2023-01-01": 20, "2023-01-02": 30}
    assert values == {day: value for day, value in expected.items() if day in values}
    assert len(values) >= 2
