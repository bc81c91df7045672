"""What a config says of targets and budgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, model_validator

from churnscope.config.fields import Day, Name, NotNegativeNumber, Positive, PositiveShare, Section, Share
from churnscope.errors import ConfigError, nearest

if TYPE_CHECKING:
    from churnscope.config.models import Config

OWN_INPUTS: Final = (
    "base",
    "target",
    "months",
    "attrition",
    "new_a_month",
    "back_a_month",
    "win_back_share",
    "value",
)
NEAR: Final = 1e-6
PROFIT_KEYS: Final = ("contact_cost", "offer_cost", "acceptance")
DIVISORS: Final = ("months", "precision", "win_back_conversion")  # inputs a formula divides by


class LifeCycle(Section):
    """How the life cycle is looked at."""

    recent_months: Annotated[int, Field(ge=2, le=120)] = 12  # the last so many say how it goes lately
    forecast_months: Annotated[int, Field(ge=1, le=36)] = 6  # how far ahead the base is forecast


class Targets(Section):
    """How many customers are to be with us, and when."""

    growth: Annotated[float, Field(gt=-1, le=100)] = 0.0  # by so much of today's base; 0 keeps it
    base: Positive | None = None  # or so many customers
    by: Day | None = None  # default: the end of the forecast

    @model_validator(mode="after")
    def _one_target(self) -> Targets:
        if self.base is not None and self.growth:
            raise ValueError("growth and base are two targets: give one of them")
        return self


class RetentionPlan(Section):
    """What is done to keep customers who are about to leave."""

    reach: PositiveShare  # share of those who will leave that is contacted in time
    precision: PositiveShare  # share of the contacted who would leave
    contact_cost: NotNegativeNumber | None = None  # default of the three: that of [profit]
    offer_cost: NotNegativeNumber | None = None
    acceptance: PositiveShare | None = None


class WinBackPlan(Section):
    """What it costs to win inactive customers back."""

    conversion: PositiveShare  # share of the contacted who come back
    contact_cost: NotNegativeNumber
    offer_cost: NotNegativeNumber = 0.0  # of one who comes back


class AcquisitionChannel(Section):
    """What it costs to win new customers through a channel."""

    share: Share = 1.0  # of the customers to acquire; those of all channels are 1 together
    conversion: PositiveShare | dict[Name, PositiveShare]  # share of the leads that become customers, or step by step
    lead_cost: NotNegativeNumber  # of one who may become a customer
    customer_cost: NotNegativeNumber = 0.0  # of one who does
    value: NotNegativeNumber | None = None  # of a customer won here; default: as known from the data, else that of all


class Budget(Section):
    """What it takes to reach the target."""

    value: NotNegativeNumber | None = None  # of a customer kept or won; default: that of [profit]
    win_back_share: Share | None = None  # of the customers needed; default: as lately
    retention: RetentionPlan | None = None
    win_back: WinBackPlan | None = None
    channels: dict[Name, AcquisitionChannel] = Field(default_factory=dict)
    scenarios: dict[Name, dict[Name, NotNegativeNumber]] = Field(
        default_factory=dict
    )  # inputs that differ, by the names the budget prints

    @property
    def input_names(self) -> tuple[str, ...]:
        """Every input a scenario may change."""
        names = list(OWN_INPUTS)
        if self.retention is not None:
            names += ["reach", "precision", "contact_cost", "offer_cost", "acceptance"]
        if self.win_back is not None:
            names += ["win_back_conversion", "win_back_contact_cost", "win_back_offer_cost"]
        for name, channel in self.channels.items():
            steps = channel.conversion if isinstance(channel.conversion, dict) else ("conversion",)
            names += [f"{name}_{part}" for part in ("share", *steps, "lead_cost", "customer_cost", "value")]
        return tuple(names)


def budget_problems(config: Config) -> Iterator[ConfigError]:
    """Channels that are no whole, costs that nothing tells, and scenarios of inputs that are not there."""
    budget = config.budget
    if budget is None:
        return
    shares = sum(channel.share for channel in budget.channels.values())
    if budget.channels and abs(shares - 1) > NEAR:
        yield ConfigError(
            f"[budget.channels]: the shares of the channels are {shares:g} together, not 1.",
            "Say of each channel which share of the customers to acquire it brings.",
        )
    if budget.retention is not None and config.profit is None:
        missing = [key for key in PROFIT_KEYS if getattr(budget.retention, key) is None]
        if missing:
            yield ConfigError(
                f"[budget.retention]: not given, and there is no [profit] to take it from: {', '.join(missing)}.",
                "Give what a contact and an offer cost, and which share of those about to leave accept.",
            )
    yield from _names(budget)


def _names(budget: Budget) -> Iterator[ConfigError]:
    names = budget.input_names
    for name, times in Counter(names).items():
        if times > 1:
            yield ConfigError(
                f'[budget.channels]: two inputs would be called "{name}".', "Give the channel, or its step, another name."
            )
    for scenario, changes in budget.scenarios.items():
        for name, value in changes.items():
            if name not in names:
                yield ConfigError(f'[budget.scenarios.{scenario}]: there is no input "{name}".', nearest(name, names))
            elif not value and name in DIVISORS:
                yield ConfigError(
                    f"[budget.scenarios.{scenario}] {name}: it is divided by, and may not be 0.", "Give a number above 0."
                )
