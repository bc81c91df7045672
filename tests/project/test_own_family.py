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

SIGNALS = """
[sources.sales.signals]
cheap = "amount < 10"
pounds = "round(amount)"

[sources.sales.types]
amount = "number"

"""


@pytest.fixture
def own_shop(shop: Shop) -> Shop:
    """The shop with a family of its own, in a file beside its config."""
    (shop.folder / "my_families.py").write_text(FAMILY)
    return shop


def with_family(shop: Shop, plugin: str = "my_families") -> Project:
    shop.project()
    config = shop.folder / "config.toml"
    text = config.read_text().replace("[sources.sales.columns]", f"{SIGNALS}[sources.sales.columns]")
    config.write_text(text.replace("[features]", f'[features]\nplugins = ["{plugin}"]'))
    return Project(config)


def test_it_and_the_signals_are_in_the_catalogue(own_shop: Shop) -> None:
    project = with_family(own_shop)
    names = [spec.name for spec in project.catalog().features if spec.family == "small_orders"]
    assert names == ["small_order_count_60d", "small_order_count_ever"]
    signals = {spec.name for spec in project.catalog().features if spec.family == "own_signals"}
    assert {"purchase_cheap_share_14d", "purchase_pounds_mean_14d"} <= signals


@pytest.mark.slow
def test_a_model_of_it_and_of_signals_is_read_again_and_scores(own_shop: Shop) -> None:
    project = with_family(own_shop)
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


def test_cutoffs_that_cannot_be_are_refused(shop: Shop) -> None:
    project = shop.project()
    with pytest.raises(ConfigError, match="--cutoffs 2022-3-1 is not a day"):
        project.features(cutoffs=["2022-3-1"])
    with pytest.raises(ConfigError, match="The cutoff 2022-09-02 lies after 2022-09-01, the first day that is not read"):
        project.features("2022-09-01", cutoffs=["2022-08-01", "2022-09-02"])
    with pytest.raises(ConfigError, match="unknown kind of output file"):
        project.features(output=shop.folder / "table.txt")
    assert project.features("2022-09-01", cutoffs=["2022-09-01"]).rows > 0
