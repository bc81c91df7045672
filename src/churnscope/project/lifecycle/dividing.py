"""What the sources tell that customers can be divided by: types, what they bought first, plan, channel, what never changes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from churnscope.config.attributes import has_history, left_out
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, nearest
from churnscope.events import Events, Observed
from churnscope.features import Log
from churnscope.levels import Level
from churnscope.lifecycle.groups import NOT_TOLD, OTHER, Group
from churnscope.snapshots import SnapshotPlan

YES_OR_NO = ("no", "yes")
FIRST_BOUGHT = ("product", "category", "channel")

Codes = NDArray[np.int16]
Ask = Callable[[Mapping[str, Log]], NDArray[np.float64]]
"""Answers the places of customers' values in the labels, NaN for none, shape (1, n_customers)."""


@dataclass(frozen=True)
class _Question:
    labels: tuple[str, ...]
    ask: Ask


@dataclass(frozen=True)
class Dividing:
    """The groups that sources tell, as of a day.

    Parameters
    ----------
    plan : at that day alone.
    questions : by name of the group.
    by_day : names of those to which a customer may belong on one day and not on another.
    """

    plan: SnapshotPlan
    questions: Mapping[str, _Question]
    by_day: frozenset[str]

    @classmethod
    def of(cls, config: Config, loaded: Loaded, names: Collection[str] | None = None, *, day: int | None = None) -> Dividing:
        """All groups that are told, or those of some names, as they are seen on a day; default: that of the run.

        Raises
        ------
        ConfigError : for a name that no source tells.
        """
        plan = replace(
            SnapshotPlan.from_config(config, loaded, (loaded.as_of if day is None else day,)), families=(), windows=()
        )
        told = _types(plan) | _bought_first(loaded) | _plan(loaded) | _attributes(config, loaded)
        for name in names or ():
            if name not in told:
                raise ConfigError(f"Customers cannot be divided by {name}: no source tells it.", nearest(name, told))
        with_history = any(source.role == "customers" and has_history(source) for source in config.sources.values())
        by_day = frozenset(plan.types.names) | {"plan"} | (_attributes(config, loaded).keys() if with_history else set())
        return cls(plan, told if names is None else {name: told[name] for name in names}, by_day)

    def codes(self, seen: Mapping[str, Observed]) -> dict[str, Codes]:
        """The codes of a block's customers by group, from what is seen at the day."""
        logs = self.plan.logs(seen)
        places = {name: np.asarray(question.ask(logs), np.float64)[0] for name, question in self.questions.items()}
        return {name: np.where(np.isnan(place), NOT_TOLD, place).astype(np.int16) for name, place in places.items()}

    def groups(self, parts: list[dict[str, Codes]]) -> dict[str, Group]:
        """The groups of all customers from the codes of blocks, in order."""
        none = np.empty(0, np.int16)
        codes = {name: np.concatenate([none, *(part[name] for part in parts)]) for name in self.questions}
        return {name: _group(name, question.labels, codes[name]) for name, question in self.questions.items()}


def _group(name: str, labels: tuple[str, ...], codes: Codes) -> Group:
    """Without the label for what is rare where nothing is."""
    has_other = labels[-1] != OTHER or bool((codes == len(labels) - 1).any())
    return Group(name, labels if has_other else labels[:-1], codes)


def _types(plan: SnapshotPlan) -> dict[str, _Question]:
    def told(name: str, logs: Mapping[str, Log]) -> NDArray[np.float64]:
        return next(iter(logs.values())).types[name]().astype(np.float64)

    return {name: _Question(YES_OR_NO, partial(told, name)) for name in plan.types.names}


def _bought_first(loaded: Loaded) -> dict[str, _Question]:
    """The value in the first line that has one; where lines tie, the one whose code is largest."""

    def first(column: str, levels: tuple[Level, ...], logs: Mapping[str, Log]) -> NDArray[np.float64]:
        kept = logs["purchases"].kept
        return kept.first(kept.derive(f"place of {column}", partial(_places, column=column, levels=levels)))

    found = {}
    for column in FIRST_BOUGHT:
        if column in loaded.columns.get("purchases", ()) and (levels := loaded.texts("purchases", column)):
            found[f"first_{column}"] = _Question(_labels(levels), partial(first, column, levels))
    return found


def _plan(loaded: Loaded) -> dict[str, _Question]:
    """What was agreed on in the newest term, in force or over."""

    def newest(levels: tuple[Level, ...], logs: Mapping[str, Log]) -> NDArray[np.float64]:
        kept = logs["subscriptions"].kept
        return kept.last(kept.derive("place of plan", partial(_places, column="plan", levels=levels)))

    if "plan" not in loaded.columns.get("subscriptions", ()) or not (levels := loaded.texts("subscriptions", "plan")):
        return {}
    return {"plan": _Question(_labels(levels), partial(newest, levels))}


def _attributes(config: Config, loaded: Loaded) -> dict[str, _Question]:
    """What is told of customers as it was at the day: with a history, or what never changes."""

    def held(column: str, levels: tuple[Level, ...], logs: Mapping[str, Log]) -> NDArray[np.float64]:
        return logs["customers"].held(f"place of {column}", partial(_places, column=column, levels=levels))

    def is_true(column: str, logs: Mapping[str, Log]) -> NDArray[np.float64]:
        return logs["customers"].held(column)

    people = [source for source in config.sources.values() if source.role == "customers"]
    changing = {name for source in people for name in left_out(source)} | {"do_not_contact"}
    found = {
        column: _Question(_labels(levels), partial(held, column, levels))
        for column, levels in loaded.levels.get("customers", {}).items()
        if levels and column not in changing
    }
    flags = sorted(loaded.flags.get("customers", frozenset()) - changing)
    return found | {column: _Question(YES_OR_NO, partial(is_true, column)) for column in flags}


def _labels(levels: tuple[Level, ...]) -> tuple[str, ...]:
    return (*(level.name for level in levels), OTHER)


def _places(rows: Events, *, column: str, levels: tuple[Level, ...]) -> NDArray[np.float64]:
    """Where each row's value stands among the levels; after the last one where it is too rare, NaN where there is none."""
    codes = rows.signals[column]
    known = np.array([level.code for level in levels], np.int64)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], codes), len(known) - 1)
    place = np.where(known[order][at] == codes, order[at], len(known)).astype(np.float64)
    return np.where(codes == 0, np.nan, place)
