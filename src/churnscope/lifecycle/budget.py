"""From erosion and a target to customers and money: what is lost, to be kept, won back and acquired, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.chance import Floats, mean_limits
from churnscope.config.budget import AcquisitionChannel, Budget, RetentionPlan, Targets, WinBackPlan
from churnscope.errors import ConfigError
from churnscope.lifecycle.formulas import evaluate, in_numbers
from churnscope.lifecycle.months import shifted
from churnscope.timeline import date_of, day_number

if TYPE_CHECKING:
    from churnscope.config.models import Profit
    from churnscope.lifecycle.erosion import Erosion
    from churnscope.lifecycle.forecast import BaseForecast

Unit = Literal["customers", "money", "contacts", "share", "months", "times"]
DAYS_A_MONTH: Final = 365.25 / 12
MAIN: Final = (
    "lost",
    "kept",
    "to_win_back",
    "to_acquire",
    "retention_cost",
    "win_back_cost",
    "acquisition_cost",
    "budget",
    "gain",
)
LEAST_OF_CHANNEL: Final = 20  # customers from which the mean value of a channel's is used


@dataclass(frozen=True)
class Input:
    """A number that is given.

    Parameters
    ----------
    name : by which formulas and scenarios call it.
    origin : where it is from.
    """

    name: str
    value: float
    low: float
    high: float
    unit: Unit
    origin: str

    def changed(self, value: float, scenario: str) -> Input:
        """The same input as a scenario has it, without doubt."""
        return Input(self.name, value, value, value, self.unit, f"scenario {scenario}")

    def row(self) -> dict[str, Any]:
        """A row of the table: its formula is where it is from."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {"name": self.name, "unit": self.unit, **numbers, "formula": "", "in_numbers": "", "meaning": self.origin}


@dataclass(frozen=True)
class Line:
    """A number that is computed, with its formula and what it means.

    Parameters
    ----------
    low, high : of the number, as far as the attrition is not known for sure.
    formula : of names of inputs and lines above.
    in_numbers : the same with their values.
    """

    name: str
    value: float
    low: float
    high: float
    unit: Unit
    formula: str
    in_numbers: str
    meaning: str

    def row(self) -> dict[str, Any]:
        """A row of the table."""
        return dict(vars(self))


@dataclass(frozen=True)
class ChannelValue:
    """What customers are worth who came through one acquisition channel.

    Parameters
    ----------
    value, low, high : the mean, with 95 % limits.
    """

    channel: str
    customers: int
    value: float
    low: float
    high: float

    def row(self) -> dict[str, Any]:
        """A row of the table."""
        return dict(vars(self))


@dataclass(frozen=True)
class Plan:
    """A budget: what is given, what follows, and how it looks in other scenarios.

    Parameters
    ----------
    day, by : from when to when.
    scenarios : lines by the name of the scenario.
    channels : what customers of each acquisition channel are worth; empty where that is not known.
    notes : what to know, and what to declare for the lines that are missing.
    """

    day: int
    by: int
    inputs: tuple[Input, ...]
    lines: tuple[Line, ...]
    scenarios: dict[str, tuple[Line, ...]]
    channels: tuple[ChannelValue, ...]
    notes: tuple[str, ...]

    def line(self, name: str, scenario: str | None = None) -> Line | None:
        """A line by its name, None where it is not there."""
        lines = self.lines if scenario is None else self.scenarios[scenario]
        return next((line for line in lines if line.name == name), None)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Inputs and lines as one table, those of the scenarios after them."""
        planned = [*(each.row() for each in self.inputs), *(line.row() for line in self.lines)]
        yield from ({"scenario": "as planned", **row} for row in planned)
        for scenario, lines in self.scenarios.items():
            for line in lines:
                yield {"scenario": scenario, **line.row()}

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; null where a number is not defined."""
        return {
            "day": date_of(self.day).isoformat(),
            "by": date_of(self.by).isoformat(),
            "rows": [{key: _plain(value) for key, value in row.items()} for row in self.rows()],
            "channels": [{key: _plain(value) for key, value in channel.row().items()} for channel in self.channels],
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class _Term:
    """A line before it is computed."""

    name: str
    unit: Unit
    formula: str
    meaning: str


@dataclass(frozen=True)
class Planning:
    """What a budget is made from.

    Parameters
    ----------
    erosion : how it goes lately.
    forecast : what is lost and comes in the months to come; where it is None, "as lately" is the mean of the last months.
    base : customers with us on `day`.
    inactive : customers who could be won back.
    day : from which on it is planned.
    forecast_months : how far the plan reaches where the targets do not say.
    channels : what customers are worth by acquisition channel, where that is known.
    """

    erosion: Erosion
    forecast: BaseForecast | None
    base: int
    inactive: int
    day: int
    forecast_months: int
    targets: Targets
    budget: Budget | None
    profit: Profit | None = None
    channels: Sequence[ChannelValue] = ()

    @property
    def by(self) -> int:
        """The day of the target."""
        return shifted(self.day, self.forecast_months) if self.targets.by is None else day_number(self.targets.by)

    def plan(self) -> Plan:
        """The budget.

        Raises
        ------
        ConfigError : when the day of the target is past.
        """
        if self.by <= self.day:
            raise ConfigError(
                f"[targets] by = {date_of(self.by)}: that is no day after {date_of(self.day)}, from which on it is planned.",
                "Give a later day, or an earlier --as-of.",
            )
        inputs, terms = tuple(self._inputs()), tuple(self._terms())
        lines = _lines(terms, inputs)
        scenarios = {} if self.budget is None else self.budget.scenarios
        return Plan(
            self.day,
            self.by,
            inputs,
            lines,
            {name: _lines(terms, _changed(inputs, changes, name)) for name, changes in scenarios.items()},
            tuple(self.channels),
            tuple(self._notes(lines)),
        )

    @property
    def _asked(self) -> Budget:
        return Budget() if self.budget is None else self.budget

    @property
    def _value(self) -> tuple[float, str] | None:
        """What a customer is worth, and who says so."""
        if self._asked.value is not None:
            return self._asked.value, "config: [budget] value"
        one = None if self.profit is None else self.profit.one_value
        return None if one is None else (one, "config: [profit] value")

    def _inputs(self) -> Iterator[Input]:
        erosion, ahead = self.erosion, self.forecast
        rate = erosion.rate if ahead is None else ahead.attrition
        new, back = ((erosion if ahead is None else ahead).a_month(what) for what in ("new", "back"))
        lately = (
            f"mean of the last {erosion.recent} months"
            if ahead is None
            else f'forecast of {len(ahead.months)} months by the rule "{ahead.rule}"'
        )
        targets, asked = self.targets, self._asked
        target = targets.base if targets.base is not None else round(self.base * (1 + targets.growth))
        how = "config: [targets] base" if targets.base is not None else f"base and [targets] growth = {targets.growth:g}"
        by = shifted(self.day, self.forecast_months) if targets.by is None else self.by
        months = self.forecast_months if targets.by is None else round((by - self.day) / DAYS_A_MONTH, 2)
        span = "config: [lifecycle] forecast_months" if targets.by is None else f"to {date_of(by)}, config: [targets] by"
        yield _sure("base", self.base, "customers", f"customers with us on {date_of(self.day)}")
        yield _sure("target", target, "customers", how)
        yield _sure("months", months, "months", span)
        yield Input("attrition", rate.value, rate.low, rate.high, "share", f"{lately}: share of the base lost a month")
        yield _sure("new_a_month", new, "customers", f"{lately}: customers who come for the first time")
        yield _sure("back_a_month", back, "customers", f"{lately}: customers who come back")
        if asked.win_back_share is not None:
            yield _sure("win_back_share", asked.win_back_share, "share", "config: [budget] win_back_share")
        else:
            share = back / (new + back) if new + back else 0.0
            yield _sure("win_back_share", share, "share", f"{lately}: of those who come, the share who come back")
        if self._value is not None:
            yield _sure("value", self._value[0], "money", self._value[1])
        if asked.retention is not None:
            yield from self._retention_inputs(asked.retention)
        if asked.win_back is not None:
            yield from _win_back_inputs(asked.win_back)
        for name, channel in asked.channels.items():
            yield from self._channel_inputs(name, channel)

    def _retention_inputs(self, plan: RetentionPlan) -> Iterator[Input]:
        yield _sure("reach", plan.reach, "share", "config: [budget.retention] reach")
        yield _sure("precision", plan.precision, "share", "config: [budget.retention] precision")
        for name, unit in (("contact_cost", "money"), ("offer_cost", "money"), ("acceptance", "share")):
            own = getattr(plan, name)
            number, where = (own, "[budget.retention]") if own is not None else (getattr(self.profit, name), "[profit]")
            yield _sure(name, number, unit, f"config: {where} {name}")  # type: ignore[arg-type]

    def _channel_inputs(self, name: str, channel: AcquisitionChannel) -> Iterator[Input]:
        where = f"config: [budget.channels.{name}]"
        yield _sure(f"{name}_share", channel.share, "share", f"{where} share")
        for step, share in _steps(channel).items():
            yield _sure(f"{name}_{step}", share, "share", f"{where} {'' if step == 'conversion' else 'conversion '}{step}")
        yield _sure(f"{name}_lead_cost", channel.lead_cost, "money", f"{where} lead_cost")
        yield _sure(f"{name}_customer_cost", channel.customer_cost, "money", f"{where} customer_cost")
        known = next((c for c in self.channels if c.channel == name and c.customers >= LEAST_OF_CHANNEL), None)
        if channel.value is not None:
            yield _sure(f"{name}_value", channel.value, "money", f"{where} value")
        elif known is not None:
            origin = f"mean of {known.customers:,} customers who came through it, {known.low:,.2f} to {known.high:,.2f}"
            yield _sure(f"{name}_value", known.value, "money", origin)
        elif self._value is not None:
            yield _sure(f"{name}_value", self._value[0], "money", self._value[1])

    def _terms(self) -> Iterator[_Term]:
        asked, with_value = self._asked, self._value is not None
        kept = " - kept" if asked.retention is not None else ""
        yield _Term("mean_base", "customers", "(base + target) / 2", "customers with us on the mean day until then")
        yield _Term("lost", "customers", "attrition * mean_base * months", "customers who become inactive until then")
        if asked.retention is not None:
            yield _Term("kept", "customers", "lost * reach * acceptance", "of these, kept by contacting them in time")
        meaning = "customers needed in their place, and for growth"
        yield _Term("to_replace", "customers", f"max(0, target - base + lost{kept})", meaning)
        yield _Term("to_win_back", "customers", "to_replace * win_back_share", "of these, inactive customers to win back")
        yield _Term("to_acquire", "customers", "to_replace - to_win_back", "of these, new customers to acquire")
        meaning = "customers who come as they came lately, for the first time or back"
        yield _Term("as_lately", "customers", "(new_a_month + back_a_month) * months", meaning)
        meaning = "customers needed beyond those who come as lately; below 0, more come than are needed"
        yield _Term("missing", "customers", "to_replace - as_lately", meaning)
        if asked.retention is not None:
            yield from _retention_terms(with_value=with_value)
        if asked.win_back is not None:
            yield from _win_back_terms(with_value=with_value)
        if asked.channels:
            yield from self._channel_terms(asked.channels)
        yield from self._sums(asked, with_value=with_value)

    def _channel_terms(self, channels: Mapping[str, AcquisitionChannel]) -> Iterator[_Term]:
        worth = {name: self._value is not None or self._channel_value(name, each) for name, each in channels.items()}
        for name, channel in channels.items():
            steps = " * ".join(f"{name}_{step}" for step in _steps(channel))
            yield _Term(f"{name}_customers", "customers", f"to_acquire * {name}_share", f"customers to acquire through {name}")
            leads = f"{name}_customers / {f'({steps})' if '*' in steps else steps}"
            yield _Term(f"{name}_leads", "contacts", leads, f"people to reach through {name} for that")
            cost = f"{name}_leads * {name}_lead_cost + {name}_customers * {name}_customer_cost"
            yield _Term(f"{name}_cost", "money", cost, f"what {name} costs")
            if worth[name]:
                gain = f"{name}_customers * {name}_value - {name}_cost"
                yield _Term(f"{name}_gain", "money", gain, f"what customers acquired through {name} are worth, less the cost")
        total = " + ".join(f"{name}_cost" for name in channels)
        yield _Term("acquisition_cost", "money", total, "acquisition budget")
        yield _Term("cost_per_acquired", "money", "acquisition_cost / to_acquire", "what a new customer costs")
        if all(worth.values()):
            total = " + ".join(f"{name}_gain" for name in channels)
            yield _Term("acquisition_gain", "money", total, "profit of acquisition")

    def _channel_value(self, name: str, channel: AcquisitionChannel) -> bool:
        return any(each.name == f"{name}_value" for each in self._channel_inputs(name, channel))

    def _sums(self, asked: Budget, *, with_value: bool) -> Iterator[_Term]:
        parts = [
            name
            for name, there in (("retention", asked.retention), ("win_back", asked.win_back), ("acquisition", asked.channels))
            if there
        ]
        if not parts:
            return
        yield _Term("budget", "money", " + ".join(f"{name}_cost" for name in parts), "the whole budget until then")
        yield _Term("budget_a_month", "money", "budget / months", "a month")
        if with_value:
            yield _Term("gain", "money", " + ".join(f"{name}_gain" for name in parts), "profit of all of it")
        if asked.retention is not None and asked.channels:
            meaning = "how many customers are kept for the money that acquires one"
            yield _Term("kept_for_one_acquired", "times", "cost_per_acquired / cost_per_kept", meaning)

    def _notes(self, lines: Sequence[Line]) -> Iterator[str]:
        asked, values = self._asked, {line.name: line.value for line in lines}
        missing = [
            part
            for part, there in (
                ("[budget.retention] for the retention budget", asked.retention),
                ("[budget.win_back] for the cost of winning back", asked.win_back),
                ("[budget.channels.NAME] for the acquisition budget", asked.channels),
                ("[budget] value or [profit] value for the profit", self._value),
            )
            if not there
        ]
        if missing:
            yield f"Not declared, so left out: {', '.join(missing)}."
        contacts = values.get("win_back_contacts", 0.0)
        if contacts > self.inactive:
            away = f"{self.inactive:,} customers are inactive"
            yield f"Winning back takes {contacts:,.0f} contacts, and {away}: acquire more of those needed."
        if values.get("retention_gain", 0.0) < 0:
            yield "Retention costs more than the kept customers are worth: contact fewer, or at a higher precision."
        if values.get("acquisition_gain", 0.0) < 0:
            yield "Acquisition costs more than the new customers are worth."


def channel_values(channels: NDArray[np.object_], values: Floats) -> tuple[ChannelValue, ...]:
    """What customers are worth by the channel through which they came, the most valuable first.

    Parameters
    ----------
    channels : of every customer, None where it is not known, shape (n,).
    values : what each is worth, NaN where that is not known.

    Examples
    --------
    >>> [value.row()["value"] for value in channel_values(np.array(["web", "web", None], object), np.array([2.0, 4.0, 9.0]))]
    [3.0]
    """
    known = np.array([channel is not None for channel in channels], bool) & ~np.isnan(values)
    found = []
    for channel in sorted(set(channels[known].tolist())):
        of = values[known & (channels == channel)]
        found.append(ChannelValue(str(channel), len(of), *mean_limits(of)))
    return tuple(sorted(found, key=lambda value: -value.value))


def _sure(name: str, value: float, unit: Unit, origin: str) -> Input:
    return Input(name, float(value), float(value), float(value), unit, origin)


def _steps(channel: AcquisitionChannel) -> Mapping[str, float]:
    """The shares that go on from step to step, from lead to customer."""
    return channel.conversion if isinstance(channel.conversion, dict) else {"conversion": channel.conversion}


def _win_back_inputs(plan: WinBackPlan) -> Iterator[Input]:
    yield _sure("win_back_conversion", plan.conversion, "share", "config: [budget.win_back] conversion")
    yield _sure("win_back_contact_cost", plan.contact_cost, "money", "config: [budget.win_back] contact_cost")
    yield _sure("win_back_offer_cost", plan.offer_cost, "money", "config: [budget.win_back] offer_cost")


def _retention_terms(*, with_value: bool) -> Iterator[_Term]:
    yield _Term("contacted", "contacts", "lost * reach / precision", "customers to contact, who would leave and who would not")
    taken = "kept + contacted - lost * reach"
    yield _Term(
        "offers_taken", "contacts", taken, "of these, who take the offer: the kept, and all who would have stayed anyway"
    )
    yield _Term(
        "retention_cost", "money", "contacted * contact_cost + offers_taken * offer_cost", "renewal and retention budget"
    )
    yield _Term("cost_per_kept", "money", "retention_cost / kept", "what a kept customer costs")
    if with_value:
        yield _Term("retention_gain", "money", "kept * value - retention_cost", "profit of retention")


def _win_back_terms(*, with_value: bool) -> Iterator[_Term]:
    yield _Term("win_back_contacts", "contacts", "to_win_back / win_back_conversion", "inactive customers to contact for that")
    cost = "win_back_contacts * win_back_contact_cost + to_win_back * win_back_offer_cost"
    yield _Term("win_back_cost", "money", cost, "win-back budget")
    yield _Term("cost_per_won_back", "money", "win_back_cost / to_win_back", "what a customer won back costs")
    if with_value:
        yield _Term("win_back_gain", "money", "to_win_back * value - win_back_cost", "profit of winning back")


def _changed(inputs: Sequence[Input], changes: Mapping[str, float], scenario: str) -> tuple[Input, ...]:
    return tuple(each.changed(changes[each.name], scenario) if each.name in changes else each for each in inputs)


def _lines(terms: Sequence[_Term], inputs: Sequence[Input]) -> tuple[Line, ...]:
    """The terms computed three times: as expected, and with the attrition at either limit."""
    numbers = {each.name: np.array([each.value, each.low, each.high]) for each in inputs}
    lines = []
    for term in terms:
        numbers[term.name] = np.broadcast_to(evaluate(term.formula, numbers), 3)
        value, *ends = numbers[term.name].tolist()
        told = in_numbers(term.formula, {name: float(each[0]) for name, each in numbers.items()})
        line = Line(term.name, value, min(value, *ends), max(value, *ends), term.unit, term.formula, told, term.meaning)
        lines.append(line)
    return tuple(lines)


def _plain(value: object) -> object:
    """What JSON can hold of a cell."""
    if isinstance(value, float):
        return None if np.isnan(value) else round(value, 6)
    return value
