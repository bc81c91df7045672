"""Active against inactive customers, what recent ones buy, processes and occasions: one pass over the rows of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.config.models import Config
from churnscope.config.process_checks import known_occasions
from churnscope.config.processes import Occasion, Process, Step
from churnscope.engines.duckdb import Loaded
from churnscope.evaluation.side_by_side import contrast
from churnscope.events import Events
from churnscope.lifecycle.buying import Bought, bought, together, trends
from churnscope.lifecycle.concentration import concentration
from churnscope.lifecycle.measures import ACTIVE, INACTIVE, NEITHER, Measure, Measuring, joined
from churnscope.lifecycle.occasions import Upcoming, near
from churnscope.lifecycle.processes import Cases, cases_of, figures_of
from churnscope.operations.exports import read_export
from churnscope.operations.logs import Progress
from churnscope.project.lifecycle.compared import Compared, MeasureCompared, Occurring, Purchased
from churnscope.project.results import iso
from churnscope.project.session import Folders

MOST_NAMED = 500  # products whose names are read: those that most recent purchasers bought
_TELL_RETURNS = {"amount", "quantity", "is_return"}


def compare(config: Config, loaded: Loaded, progress: Progress) -> Compared:
    """Compare the customers of a day; only what was known before it is seen."""
    reading = _Reading.of(config, loaded)
    parts = list(reading.parts(progress))
    groups = np.concatenate([np.empty(0, np.int8), *(part.groups for part in parts)])
    told = (*joined([part.measures for part in parts]), *_values(config, loaded))
    measures = tuple(each for each in told if not each.stands_for or np.nan_to_num(each.values).any())
    money = next((each for each in measures if each.topic == "revenue"), None)
    return Compared(
        as_of=iso(loaded.as_of),
        active=int((groups == ACTIVE).sum()),
        inactive=int((groups == INACTIVE).sum()),
        neither=int((groups == NEITHER).sum()),
        measures=tuple(_compared(each, groups) for each in measures),
        concentration=None if money is None else concentration(money.values),
        purchased=tuple(
            _purchased(column, [part.bought[column] for part in parts], config, loaded) for column in reading.texts
        ),
        processes=tuple(
            figures_of(name, process, [part.cases[name] for part in parts], loaded.as_of)
            for name, process in reading.processes.items()
        ),
        occasions=tuple(
            _occurring(name, occasion, [part.occasions[name] for part in parts], loaded)
            for name, occasion in reading.occasions.items()
        ),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """What the customers of a block tell."""

    groups: NDArray[np.int8]
    measures: tuple[Measure, ...]
    bought: Mapping[str, Bought]
    cases: Mapping[str, Cases]
    occasions: Mapping[str, Upcoming]


@dataclass(frozen=True)
class _Reading:
    """What is read of every block."""

    config: Config
    loaded: Loaded
    measuring: Measuring
    texts: tuple[str, ...]
    processes: Mapping[str, Process]
    occasions: Mapping[str, Occasion]

    @classmethod
    def of(cls, config: Config, loaded: Loaded) -> _Reading:
        activity = Activity(config.activity, loaded.places, config.resolution)
        kinds = loaded.levels.get("engagement", {}).get("kind", ())
        texts = tuple(name for name in ("category", "product") if name in loaded.columns.get("purchases", ()))
        return cls(
            config,
            loaded,
            Measuring(activity, loaded.columns, kinds),
            texts,
            found_processes(config) | config.processes,
            known_occasions(config),
        )

    def parts(self, progress: Progress) -> Iterator[_Part]:
        """Block by block."""
        day = self.loaded.as_of
        for block in self.loaded.blocks():
            seen = self.measuring.seen(block.logs, day)
            known = {role: rows.events for role, rows in seen.items()}
            yield _Part(
                self.measuring.groups(seen),
                self.measuring.measures(seen),
                {name: bought(known["purchases"], name, day, self.config.stages.recent_days) for name in self.texts},
                {name: cases_of(each, known, self.loaded.places, day) for name, each in self.processes.items()},
                {name: self._near(each, known, block.first) for name, each in self.occasions.items()},
            )
            progress("compare", block.first + block.n_customers, self.loaded.n_customers)

    def _near(self, occasion: Occasion, known: Mapping[str, Events], first: int) -> Upcoming:
        role, source = self.loaded.places[occasion.source]
        found = near(occasion, known[role], role, source, self.loaded.as_of)
        return Upcoming(found.customer + first, found.day)


def found_processes(config: Config) -> dict[str, Process]:
    """What the mapped columns show by themselves, where the config describes no process of the name.

    Tickets from opened to resolved; purchases to their return, by product; payments from due to paid; terms from their end to
    the next one.
    """
    found: dict[str, Process] = {}
    for name, source in config.sources.items():
        own, told = _Named(config, found, name), source.columns
        if source.role == "support" and "resolved" in told:
            found[own("support")] = Process(steps=(Step(source=name, name="opened"), Step(at="resolved")))
        if source.role == "purchases" and "product" in told and told.keys() & _TELL_RETURNS:
            returned = Step(source=name, where="is_return", name="returned")
            found[own("returns")] = Process(steps=(Step(source=name, name="bought"), returned), by="product")
        if source.role != "subscriptions":
            continue
        if {"due", "paid"} <= told.keys():
            fails = Step(where="failed") if "failed" in told else None
            found[own("billing")] = Process(steps=(Step(source=name, at="due"), Step(at="paid")), fails=fails)
        if "end" in told or source.rolling is not None:
            steps = (Step(source=name, at="end", name="term ends"), Step(source=name, name="renewed"))
            fails = Step(at="ended", name="ended early") if "ended" in told else None
            grace_days = config.activity.grace_days
            found[own("renewal")] = Process(steps=steps, fails=fails, within_days=max(1, grace_days))
    return found


@dataclass(frozen=True)
class _Named:
    """A name for a process of a source: that of its source too, where several sources have such a process."""

    config: Config
    taken: Mapping[str, Process]
    source: str

    def __call__(self, word: str) -> str:
        return f"{word} ({self.source})" if word in self.taken else word


def _compared(measure: Measure, groups: NDArray[np.int8]) -> MeasureCompared:
    active, inactive = (measure.values[groups == group] for group in (ACTIVE, INACTIVE))
    return MeasureCompared(
        measure.name,
        measure.topic,
        measure.words,
        measure.unit,
        measure.is_flag,
        measure.defines_activity,
        measure.stands_for,
        contrast(active, inactive, is_flag=measure.is_flag),
    )


def value_file(config: Config, as_of: int) -> Path | None:
    """Where `value` wrote what customers are worth on this very day; None where it did not."""
    path = Folders.of(config).outputs / "value" / iso(as_of) / "value.parquet"
    return path if path.is_file() else None


def _values(config: Config, loaded: Loaded) -> Iterator[Measure]:
    """What customers are worth, where `value` told it for this very day."""
    path = value_file(config, loaded.as_of)
    if path is None:
        return
    table = read_export(path)
    place = pc.index_in(pa.array(loaded.ids(), pa.string()), value_set=table["customer_id"].combine_chunks())
    of_purchases = {"value": "value of all purchases to come", "alive_probability": "probability of being a customer"}
    of_contracts = {"value": "value of contracts in force", "in_force_probability": "probability of a contract in force"}
    for name, words in (of_purchases if "alive_probability" in table.column_names else of_contracts).items():
        told = table[name].cast(pa.float64()).take(place).to_numpy()
        yield Measure(name, "value", words, "currency" if name == "value" else "share", told)


def _purchased(column: str, parts: Sequence[Bought], config: Config, loaded: Loaded) -> Purchased:
    found = trends(together(parts))
    codes = found.code[:MOST_NAMED].tolist()
    changed = found.code[found.direction != 0].tolist()
    names = loaded.names("purchases", column, dict.fromkeys([*codes, *changed]))
    shown = np.array([place for place, code in enumerate(found.code.tolist()) if code in names], np.int64)
    return Purchased(
        column,
        config.stages.recent_days,
        tuple(found.purchasers.tolist()),
        tuple(names[code] for code in found.code[shown].tolist()),
        found.customers[:, shown],
        np.asarray(found.amount[:, shown] * config.resolution, np.float64),
        found.ratio[shown],
        found.low[shown],
        found.high[shown],
        found.rate[shown],
        found.direction[shown],
        has_money="amount" in loaded.columns["purchases"],
        different=len(found.code),
    )


def _occurring(name: str, occasion: Occasion, parts: Sequence[Upcoming], loaded: Loaded) -> Occurring:
    customer, day = (np.concatenate([getattr(part, key) for part in parts]) for key in ("customer", "day"))
    order = np.lexsort((customer, day))
    return Occurring(name, occasion.days, loaded.ids()[customer[order]], day[order])
