"""What a simulated business is like: a few numbers with names, units and limits, and ready-made ones to start from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from churnscope.errors import ConfigError, nearest
from churnscope.simulation.bounded import Bounded, bounded


@dataclass(frozen=True)
class Lapse(Bounded):
    """When customers leave for good: exponential lifetimes, their rates gamma between people (the Pareto of Pareto/NBD)."""

    half_life_days: float = bounded(365.0, 1, 36_500, "days after joining at which half have left")
    shape: float = bounded(2.0, 0.1, 1_000, "gamma shape of the rates: the larger, the more alike people are")

    @property
    def scale_days(self) -> float:
        """The scale b of the survival function (b / (b + t)) ** shape."""
        return float(self.half_life_days / (2 ** (1 / self.shape) - 1))


@dataclass(frozen=True)
class Season(Bounded):
    """How the day of the year and of the week move purchases and engagement; both average one."""

    yearly_swing: float = bounded(0.0, 0, 0.9, "share by which the December peak exceeds the mean")
    weekend_factor: float = bounded(1.0, 0.05, 10, "a Saturday or Sunday against a working day")


@dataclass(frozen=True)
class Purchases(Bounded):
    """Orders of a Poisson process whose rate is gamma between people (the NBD of Pareto/NBD); order values are Gamma-Gamma."""

    per_year: float = bounded(12.0, 0.01, 5_000, "orders a year of the mean customer, before leaving")
    shape: float = bounded(1.0, 0.05, 1_000, "gamma shape of the rates: the larger, the more alike people are")
    order_amount: float = bounded(40.0, 0.1, 1e6, "mean value of an order over people")
    amount_p: float = bounded(6.0, 0.2, 1_000, "Gamma-Gamma p: the larger, the more alike one person's orders are")
    amount_q: float = bounded(4.0, 2.1, 1_000, "Gamma-Gamma q: the larger, the more alike people are")
    lines_per_order: float = bounded(2.0, 1, 100, "mean lines of an order")
    return_share: float = bounded(0.0, 0, 0.5, "share of lines that come back")
    discount_share: float = bounded(0.1, 0, 1, "share of lines sold at a tenth off")
    products: int = bounded(10_000, 1, 1_000_000, "products on offer")
    categories: int = bounded(20, 1, 1_000, "categories of products")
    channels: int = bounded(5, 1, 100, "channels of sale")


@dataclass(frozen=True)
class Engagement(Bounded):
    """Sessions that thin out before the customer leaves."""

    per_year: float = bounded(60.0, 0.1, 5_000, "sessions a year of the mean customer, before leaving")
    shape: float = bounded(2.0, 0.05, 1_000, "gamma shape of the rates")
    fading: float = bounded(0.8, 0, 1, "share of sessions gone on the last day")


@dataclass(frozen=True)
class Support(Bounded):
    """Tickets that pile up before the customer leaves."""

    per_year: float = bounded(1.0, 0.01, 365, "tickets a year far from leaving")
    rise: float = bounded(5.0, 1, 100, "times as many on the last day")
    resolving_days: float = bounded(4.0, 0.01, 365, "mean days until a ticket is resolved")


@dataclass(frozen=True)
class Contacts(Bounded):
    """Touches by us, which go on after the customer left because nobody knows, and by the customer; replies fade."""

    outbound_per_year: float = bounded(12.0, 0.01, 1_000, "touches by us a year")
    inbound_per_year: float = bounded(1.5, 0, 1_000, "touches by the customer a year")
    response_share: float = bounded(0.25, 0, 1, "share of our touches answered, far from leaving")


@dataclass(frozen=True)
class Contracts(Bounded):
    """Terms that renew until the customer leaves or a payment fails for good; the last term runs to its end."""

    term_days: int = bounded(30, 28, 366, "length of the short term")
    annual_share: float = bounded(0.2, 0, 1, "share of customers with terms of 365 days")
    price: float = bounded(12.0, 0.01, 1e6, "price of the middle plan for a short term")
    automatic_share: float = bounded(0.8, 0, 1, "share of customers whose contract renews by itself")
    plan_change_share: float = bounded(0.02, 0, 1, "share of renewals with another plan")
    failed_share: float = bounded(0.03, 0, 0.9, "share of payments that fail at first")
    lost_share: float = bounded(0.2, 0, 1, "share of failed payments that end the contract")
    dunning_days: int = bounded(14, 1, 27, "days from a payment that failed for good to the end of the contract")


@dataclass(frozen=True)
class Campaign(Bounded):
    """One offer, given at random, that saves customers about to leave: twice the mean in segment C, none in segment A."""

    day_share: float = bounded(0.7, 0, 1, "when it runs, as a share of the log")
    offer_share: float = bounded(0.5, 0, 1, "share of customers who get the offer; the others are control")
    save_share: float = bounded(0.3, 0, 0.5, "mean chance to keep a customer who would leave in the days of effect")
    effect_days: int = bounded(60, 1, 3_650, "days during which the offer keeps customers")
    cost: float = bounded(5.0, 0, 1e6, "cost of one offer")


@dataclass(frozen=True)
class Flaws(Bounded):
    """What is wrong with the files. Broken rows are added copies, so that without them the log is whole."""

    late_share: float = bounded(0.0, 0, 1, "share of rows known only later")
    late_days: float = bounded(3.0, 0.01, 365, "mean delay of a late row")
    missing_id_share: float = bounded(0.0, 0, 0.5, "rows without customer, added per clean row")
    bad_time_share: float = bounded(0.0, 0, 0.5, "rows whose time is no time, added per clean row")
    duplicate_share: float = bounded(0.0, 0, 0.5, "exact copies, added per clean row")
    overlap_days: int = bounded(0, 0, 365, "days that stand in both files of a log cut in two; 0: one file")


@dataclass(frozen=True)
class Business(Bounded):
    """A business whose truth is known. A part that is None does not exist there.

    Examples
    --------
    >>> PRESETS["shop"].adjusted({"purchases.per_year": "24"}).purchases.per_year
    24.0
    """

    name: str
    lapse: Lapse = field(default_factory=Lapse)
    season: Season = field(default_factory=Season)
    purchases: Purchases | None = None
    engagement: Engagement | None = None
    support: Support | None = None
    contacts: Contacts | None = None
    contracts: Contracts | None = None
    campaign: Campaign | None = None
    flaws: Flaws = field(default_factory=Flaws)
    first_day: date = date(2023, 1, 1)
    joining_share: float = bounded(0.75, 0.001, 1, "customers join evenly over this first share of the log")
    warning_days: float = bounded(45.0, 1, 730, "days before leaving in which the signs show")
    active_days: int = bounded(180, 1, 3_650, "active: did something in the last so many days")
    horizon_days: int = bounded(90, 1, 730, "churned: does nothing in the next so many days")


_HOLIDAYS = Season(yearly_swing=0.25, weekend_factor=1.3)

PRESETS: dict[str, Business] = {
    business.name: business
    for business in (
        Business("pareto_nbd", purchases=Purchases(lines_per_order=1, discount_share=0), joining_share=0.5),
        Business(
            "shop",
            season=_HOLIDAYS,
            purchases=Purchases(return_share=0.03),
            engagement=Engagement(),
            support=Support(),
            contacts=Contacts(),
        ),
        Business(
            "subscription",
            lapse=Lapse(half_life_days=400),
            season=Season(weekend_factor=0.8),
            engagement=Engagement(per_year=120),
            support=Support(),
            contacts=Contacts(outbound_per_year=6),
            contracts=Contracts(),
            active_days=30,
            horizon_days=30,
        ),
        Business(
            "bank",
            lapse=Lapse(half_life_days=500),
            season=Season(weekend_factor=0.5),
            engagement=Engagement(per_year=40, fading=0.9),
            support=Support(per_year=2),
            contacts=Contacts(outbound_per_year=8, inbound_per_year=4, response_share=0.35),
            active_days=90,
            horizon_days=60,
        ),
        Business(
            "both",
            lapse=Lapse(half_life_days=450),
            season=_HOLIDAYS,
            purchases=Purchases(per_year=8, return_share=0.03),
            engagement=Engagement(per_year=90),
            support=Support(),
            contacts=Contacts(),
            contracts=Contracts(),
            campaign=Campaign(),
            active_days=90,
            horizon_days=60,
        ),
    )
}


def preset(name: str) -> Business:
    """The ready-made business of this name.

    Raises
    ------
    ConfigError : when there is none.
    """
    if name not in PRESETS:
        raise ConfigError(f'There is no business "{name}" to simulate.', nearest(name, PRESETS))
    return PRESETS[name]
