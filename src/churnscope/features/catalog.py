"""The feature families in use, and what they build for given logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.customer_types import types_there
from churnscope.errors import ConfigError, nearest
from churnscope.events import Events, Grid, Signal
from churnscope.features.attributes import attributes, loyalty, person
from churnscope.features.basket import basket_value, lines, units
from churnscope.features.beginning import beginning, first_purchase
from churnscope.features.campaigns import treatment_campaigns, treatment_costs, treatments
from churnscope.features.contacts import contact_channels, outbound_contacts, responses
from churnscope.features.customer_types import customer_types
from churnscope.features.discounts import discount_rate, discounts
from churnscope.features.family import Family
from churnscope.features.feature import Feature, FeatureSpec
from churnscope.features.frequency import frequency
from churnscope.features.levels import each_channel, each_kind, per_active_day
from churnscope.features.log import Log
from churnscope.features.monetary import monetary
from churnscope.features.norm import measured_norm, own_norm, spend_norm
from churnscope.features.payments import failed_payments, late_payments
from churnscope.features.recency import recency
from churnscope.features.regularity import overdue, regularity
from churnscope.features.returns import returned_money, returns
from churnscope.features.signals import latest, measures, own_signals
from churnscope.features.streaks import active_days, day_streaks, week_streaks
from churnscope.features.subscriptions import (
    auto_renewal,
    early_ends,
    notices,
    plan_changes,
    renewal,
    term_prices,
    terms,
    terms_by_kind,
    terms_in_force,
    unpaid_ends,
)
from churnscope.features.support import open_tickets, repeated_tickets, resolving, satisfaction, severity, tickets
from churnscope.features.tenure import membership, tenure
from churnscope.features.timing import calendar, hours, weekdays
from churnscope.features.trend import spend_trend, trend
from churnscope.features.variety import categories, channels, kinds, products
from churnscope.levels import Level, Levels
from churnscope.roles import ROLES

FAMILIES: Final[tuple[Family, ...]] = (
    recency,
    overdue,
    frequency,
    active_days,
    week_streaks,
    day_streaks,
    trend,
    own_norm,
    regularity,
    tenure,
    membership,
    person,
    loyalty,
    attributes,
    beginning,
    monetary,
    spend_trend,
    spend_norm,
    first_purchase,
    basket_value,
    lines,
    units,
    products,
    categories,
    kinds,
    each_kind,
    channels,
    each_channel,
    per_active_day,
    measured_norm,
    returns,
    returned_money,
    discounts,
    discount_rate,
    tickets,
    open_tickets,
    resolving,
    severity,
    satisfaction,
    repeated_tickets,
    terms,
    terms_in_force,
    terms_by_kind,
    renewal,
    auto_renewal,
    term_prices,
    plan_changes,
    notices,
    early_ends,
    unpaid_ends,
    failed_payments,
    late_payments,
    outbound_contacts,
    responses,
    contact_channels,
    treatments,
    treatment_campaigns,
    treatment_costs,
    measures,
    own_signals,
    latest,
    customer_types,
    weekdays,
    hours,
    calendar,
)
SEASONAL: Final = frozenset({calendar.name})  # only where named, or where history spans SEASONAL_DAYS
SEASONAL_DAYS: Final = 730
_SHAPE_OF_NOBODY = (1, 0)  # of answers at one cutoff for no customer


def chosen(names: Sequence[str], own: Sequence[Family] = (), *, history_days: int) -> tuple[Family, ...]:
    """Families by name, in the order of the catalogue; all that make sense where none is named.

    Parameters
    ----------
    names : as in `features.families` of a config.
    own : families beside the built-in ones.
    history_days : length of the data; the season of a cutoff means something from two years on.

    Raises
    ------
    ConfigError : when a name is not a family's.
    """
    known = {family.name: family for family in (*FAMILIES, *own)}
    for name in names:
        if name not in known:
            raise ConfigError(f'[features] families: there is no family "{name}".', nearest(name, known))
    left_out = SEASONAL if history_days < SEASONAL_DAYS else frozenset()
    return tuple(family for family in known.values() if (family.name in names if names else family.name not in left_out))


def catalog(
    columns: Mapping[str, frozenset[str]],
    windows: Sequence[int],
    families: Sequence[Family] = FAMILIES,
    *,
    flags: Mapping[str, frozenset[str]] = MappingProxyType({}),
    dates: Mapping[str, frozenset[str]] = MappingProxyType({}),
    levels: Levels = MappingProxyType({}),
) -> tuple[FeatureSpec, ...]:
    """What the families build for logs with these columns, without any event.

    Parameters
    ----------
    columns : role -> names of the signals its rows carry.
    windows : lengths in days.
    flags : role -> names of those signals that are true or false.
    dates : role -> names of those that are days.
    levels : role -> column -> the values to tell apart.

    Raises
    ------
    ConfigError : when a family yields what is no feature, without a sentence to say, or with a name that is taken.

    Examples
    --------
    >>> [spec.name for spec in catalog({"purchases": frozenset()}, [30], [frequency])]
    ['purchase_count_30d', 'purchase_count_ever']
    """
    grid, lengths = Grid([0], windows), tuple(sorted(windows))
    none = frozenset[str]()
    types = {each.name: _nobody for each in types_there(columns)}
    logs = {
        role: Log(
            ROLES[role],
            grid.see(_no_events(role, names, flags.get(role, none))),
            names,
            lengths,
            flags=flags.get(role, none),
            dates=dates.get(role, none),
            levels=levels.get(role, {}),
            types=types,
        )
        for role, names in columns.items()
    }
    specs: dict[str, FeatureSpec] = {}
    for family, log in _fitting(families, logs):
        for feature in _yielded(family, log):
            _refuse_unusable(family, feature, specs)
            specs[feature.name] = feature.spec(family.name, log.role.name if family.roles else "")
    return tuple(specs.values())


@dataclass(frozen=True)
class Columns:
    """Role -> names of the signals its rows carry, and which of them are what; as a `SnapshotPlan` has them."""

    columns: dict[str, frozenset[str]]
    flags: dict[str, frozenset[str]]
    dates: dict[str, frozenset[str]]
    levels: dict[str, dict[str, tuple[Level, ...]]]


def every_column() -> Columns:
    """All a role can carry, with columns of one's own where a role may have some."""
    columns: dict[str, frozenset[str]] = {}
    levels: dict[str, dict[str, tuple[Level, ...]]] = {}
    for role in ROLES.values():
        own = {"your_number"} | ({"your_flag", "minute_of_day"} if role.is_activity else set())
        own |= {"your_flag", "your_day", "your_text"} if role.since else set()
        own = {"your_column"} if role.is_state else own  # a flat file stands alone, and what it tells has the same names
        columns[role.name] = frozenset(role.carried) | own
        texts = [*(column.name for column in role.columns if column.levels), *(own & {"your_text"})]
        named = ((text, text.removeprefix("your_")) for text in texts)
        levels[role.name] = {text: (Level(f"one {word}", 1), Level(f"another {word}", 2)) for text, word in named}
    flags, days = ({role: names & {own} for role, names in columns.items()} for own in ("your_flag", "your_day"))
    return Columns(columns, flags, days, levels)


def whole_catalog(windows: Sequence[int]) -> tuple[FeatureSpec, ...]:
    """What can be built of logs that carry all a role can.

    Parameters
    ----------
    windows : lengths in days.
    """
    every = every_column()
    return catalog(every.columns, windows, flags=every.flags, dates=every.dates, levels=every.levels)


def build(families: Sequence[Family], logs: Mapping[str, Log]) -> Iterator[tuple[Family, Feature]]:
    """Every feature of every log a family applies to; the order depends on families, roles and columns alone.

    A family of no role is built once, from the first log there is.
    """
    for family, log in _fitting(families, logs):
        for feature in family.build(log):
            yield family, feature


def _yielded(family: Family, log: Log) -> Iterator[Feature]:
    features: object = family.build(log)
    if not isinstance(features, Iterator):
        raise ConfigError(f'Feature family "{family.name}" yields nothing.', "Write `yield Feature(...)` in it.")
    return features


def _refuse_unusable(family: Family, feature: object, specs: Mapping[str, FeatureSpec]) -> None:
    """Refuse a mistake of a family of one's own before any data are read for it."""
    where = f'Feature family "{family.name}"'
    if not isinstance(feature, Feature):
        raise ConfigError(f"{where} yields a {type(feature).__name__}.", "Yield Feature(...) only.")
    if feature.name in specs:
        raise ConfigError(f'{where}: there is a feature "{feature.name}" already.', "Give every feature a name of its own.")
    if feature.values.shape != _SHAPE_OF_NOBODY:
        advice = "Compute them with the primitives of the log: one value for each cutoff and customer."
        raise ConfigError(f'{where}: the values of "{feature.name}" have another shape than the primitives give.', advice)


def _fitting(families: Sequence[Family], logs: Mapping[str, Log]) -> Iterator[tuple[Family, Log]]:
    for family in families:
        fitting = [logs[role] for role in sorted(logs) if family.applies(role, logs[role].columns)]
        yield from ((family, log) for log in (fitting if family.roles else fitting[:1]))


def _no_events(role: str, columns: frozenset[str], flags: frozenset[str]) -> Events:
    kinds = {**dict.fromkeys(flags, "flag"), **ROLES[role].carried}
    signals: dict[str, Signal] = {name: _no_values(kinds.get(name, "number")) for name in columns}
    none = np.empty(0, np.int32)
    return Events(0, none, np.empty(0, np.int64), none, signals)


def _nobody() -> NDArray[np.bool_]:
    return np.empty(_SHAPE_OF_NOBODY, np.bool_)


def _no_values(kind: str) -> Signal:
    if kind == "flag":
        return np.empty(0, np.bool_)
    return np.empty(0, np.float64) if kind == "number" else np.empty(0, np.int64)
