"""`drivers`: what raises and lowers the scores of a day, and how the risk goes with the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.model.bundle import Bundle
from churnscope.operations.logs import Progress
from churnscope.predicted import CHURN, Words
from churnscope.project.frames import Frame
from churnscope.project.models.saved import bands_of, load_model, matching_plan
from churnscope.project.results import Summarised, iso
from churnscope.project.session import loaded_data
from churnscope.reports.customer_charts import drivers_sentence
from churnscope.reports.drivers import Driver, telling
from churnscope.reports.effects import Effect
from churnscope.reports.explained import Explained, explain
from churnscope.reports.tables import driver_words
from churnscope.snapshots import build_scoring_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class DriversResult(Summarised):
    """What moves the scores of the customers who are active on a day.

    Parameters
    ----------
    customers : how many are active.
    drivers : concepts that tell customers apart, strongest first. Correlated features share what they add, so those of a
        concept count together.
    common : concepts that do the same to every customer of the day, as the season does.
    effects : the strongest of them as curves.
    words : how sentences speak of what is predicted.
    """

    name: str
    version: str
    as_of: int
    customers: int
    drivers: tuple[Driver, ...]
    common: tuple[Driver, ...]
    effects: tuple[Effect, ...]
    words: Words = CHURN

    @property
    def summary(self) -> str:
        """What came out."""
        if not self.drivers:
            return f"Nothing tells the customers of {iso(self.as_of)} apart"
        return drivers_sentence(self.drivers)

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Next: project.score() writes the reasons of every customer"

    def frame(self) -> Frame:
        """A row for every concept: its share in what moves the scores, the feature that tells most of it, and which way."""
        columns = {
            "concept": [each.concept for each in self.drivers],
            "share": [each.share for each in self.drivers],
            "feature": [each.teller.name for each in self.drivers],
            "direction": [driver_words(each, self.words) for each in self.drivers],
        }
        return Frame(pa.table(columns), "a concept, the strongest first")

    def to_arrow(self) -> pa.Table:
        """The concepts as a table of PyArrow."""
        return self.frame().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """The concepts as a frame of pandas."""
        return self.frame().to_pandas()

    def to_polars(self) -> Any:
        """The concepts as a frame of Polars, where that is installed."""
        return self.frame().to_polars()

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        about = {"name": self.name, "version": self.version, "as_of": iso(self.as_of), "customers": self.customers}
        return {**about, "drivers": self.to_arrow().to_pylist()}


def drivers(config: Config, as_of: int | None, progress: Progress, *, model: str) -> DriversResult:
    """Score a day and take the scores apart; `Project.drivers` says more."""
    bundle = load_model(config, model)
    with loaded_data(config, as_of, progress) as loaded:
        found = explained_day(config, loaded, bundle, progress, listed=0)
        return DriversResult(
            name=bundle.name,
            version=bundle.version,
            as_of=loaded.as_of,
            customers=len(found.probability),
            drivers=telling(found.drivers),
            common=tuple(driver for driver in found.drivers if driver.is_common),
            effects=found.effects,
            words=found.words,
        )


def explained_day(config: Config, loaded: Loaded, bundle: Bundle, progress: Progress, *, listed: int) -> Explained:
    """The scores of the day the data end, and what moves them.

    Parameters
    ----------
    listed : how many of the riskiest customers to name.
    """
    customers = loaded.n_customers
    plan = matching_plan(config, loaded, bundle, (loaded.as_of,))
    rows = build_scoring_rows(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
    bands = bands_of(config, bundle)
    return explain(
        loaded.ids(),
        rows,
        bundle.final,
        loaded.as_of,
        bands,
        listed=listed,
        usual=bundle.profile,
        words=config.words,
    )
