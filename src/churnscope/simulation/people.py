"""The people of one group: what is true of them and nobody in the business can see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from churnscope.simulation.business import Business, Campaign, Engagement, Purchases
from churnscope.simulation.clock import Days
from churnscope.simulation.streams import GROUP, Part, stream

SEGMENTS = ("A", "B", "C")
SAVE_WEIGHTS = np.array([0.0, 1.0, 2.0])  # of the mean save share, by segment
LONGEST_DAYS = 36_525.0  # a century: nobody leaves later


@dataclass(frozen=True)
class People:
    """Persons `first` .. `first + n - 1`; arrays have shape (n,), times are days since the first midnight of the log.

    Parameters
    ----------
    warning_days : how long before leaving the signs begin.
    lapse_rate : per day; the person's lifetime is exponential with it.
    untreated : when the person would leave without the campaign.
    lapse : when the person leaves; the person does nothing from then on.
    purchase_rate, session_rate : per seasonal day.
    order_mean : true mean value of the person's orders.
    segment : position in `SEGMENTS`.
    campaign_time : when the campaign reached the person; infinite where it did not.
    offered : got the offer rather than being control.
    save_probability : the chance that an offer keeps this person, if about to leave.
    unpaid : left because a payment failed.
    """

    first: int
    warning_days: float
    joined: Days
    lapse_rate: Days
    untreated: Days
    lapse: Days
    purchase_rate: Days
    session_rate: Days
    order_mean: Days
    segment: NDArray[np.int64]
    campaign_time: Days
    offered: NDArray[np.bool_]
    save_probability: Days
    unpaid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.joined)

    @property
    def group(self) -> int:
        """Number of the group these people are."""
        return self.first // GROUP

    def leaving_by(self, owner: NDArray[np.int64], time: Days) -> Days:
        """When it looks, at `time`, that the owner will leave: the offer changes nothing before it is made."""
        return np.where(time < self.campaign_time[owner], self.untreated[owner], self.lapse[owner])

    def nearness(self, owner: NDArray[np.int64], time: Days) -> Days:
        """How near leaving the owner is at `time`: 0 before the signs begin, 1 from leaving on."""
        return np.clip(1 - (self.leaving_by(owner, time) - time) / self.warning_days, 0, 1)

    def ended_by(self, unpaid: Days) -> People:
        """The same people, gone at the latest when their unpaid contract ends."""
        return replace(
            self,
            untreated=np.minimum(self.untreated, unpaid),
            lapse=np.minimum(self.lapse, unpaid),
            unpaid=unpaid < self.lapse,
        )


def draw_people(business: Business, seed: int, group: int, n: int, days: int) -> People:
    """The first `n` people of a group, before any campaign runs and any payment fails."""
    random = stream(seed, group, Part.PEOPLE)
    joined = random.random(n) * business.joining_share * days
    lapse_rate, lifetime = _lifetimes(business, stream(seed, group, Part.LIFETIMES), n)
    return People(
        first=group * GROUP,
        warning_days=business.warning_days,
        joined=joined,
        lapse_rate=lapse_rate,
        untreated=joined + lifetime,
        lapse=joined + lifetime,
        purchase_rate=_rates(business.purchases, stream(seed, group, Part.PURCHASE_RATES), n),
        session_rate=_rates(business.engagement, stream(seed, group, Part.SESSION_RATES), n),
        order_mean=_order_means(business.purchases, stream(seed, group, Part.ORDER_MEANS), n),
        segment=random.integers(0, len(SEGMENTS), n),
        campaign_time=np.full(n, np.inf),
        offered=np.zeros(n, dtype=bool),
        save_probability=np.zeros(n),
        unpaid=np.zeros(n, dtype=bool),
    )


def with_campaign(people: People, campaign: Campaign, seed: int, group: int, days: int) -> People:
    """The same people after the campaign: some who got the offer and were about to leave stay on.

    A saved person stays `effect_days` longer, and then leaves at the own rate as if new.
    """
    random = stream(seed, group, Part.CAMPAIGN)
    n, day = len(people), campaign.day_share * days
    reached = people.joined < day
    offered = reached & (random.random(n) < campaign.offer_share)
    save_probability = campaign.save_share * SAVE_WEIGHTS[people.segment]
    leaving = (people.untreated >= day) & (people.untreated < day + campaign.effect_days)
    saved = offered & leaving & (random.random(n) < save_probability)
    later = people.untreated + campaign.effect_days + random.standard_exponential(n) / people.lapse_rate
    return replace(
        people,
        lapse=np.where(saved, np.minimum(later, days + LONGEST_DAYS), people.untreated),
        campaign_time=np.where(reached, day, np.inf),
        offered=offered,
        save_probability=save_probability,
    )


def _lifetimes(business: Business, random: np.random.Generator, n: int) -> tuple[Days, Days]:
    """Rates per day and days until leaving: the share still there after t days is (b / (b + t)) ** shape."""
    lapse = business.lapse
    rate = random.standard_gamma(lapse.shape, n) / lapse.scale_days
    rate = np.maximum(rate, 1 / LONGEST_DAYS**2)  # a rate of nought would never leave
    return rate, np.minimum(random.standard_exponential(n) / rate, LONGEST_DAYS)


def _rates(activity: Purchases | Engagement | None, random: np.random.Generator, n: int) -> Days:
    """Gamma rates per day with the declared mean; zeros where the business has no such activity."""
    if activity is None:
        return np.zeros(n)
    return random.standard_gamma(activity.shape, n) / activity.shape * (activity.per_year / 365.25)


def _order_means(purchases: Purchases | None, random: np.random.Generator, n: int) -> Days:
    """Mean order values, inverse gamma between people; gamma around them within a person makes Gamma-Gamma."""
    if purchases is None:
        return np.zeros(n)
    return purchases.order_amount * (purchases.amount_q - 1) / random.standard_gamma(purchases.amount_q, n)
