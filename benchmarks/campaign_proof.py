"""Campaigns of known effect: how often the interval holds it, with our control group and with a random tenth of everybody.

python benchmarks/campaign_proof.py [CAMPAIGNS]

Customers leave with a chance of their own, which a score knows roughly. Three lists are chosen as `churnscope call-list` does,
within the agents' minutes; whoever was called is left in peace afterwards. A call reaches six in ten, and of those about to
leave who are reached it keeps a known share.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from churnscope.config.models import Action
from churnscope.decisions.actions import Customers, expected_gains
from churnscope.decisions.campaign import Chosen, Effect, effect
from churnscope.decisions.control_group import lots
from churnscope.decisions.selection import Limits, Problem, control_of, select
from churnscope.evaluation.arms import rate_difference
from churnscope.evaluation.intervals import Estimate

CUSTOMERS, LISTS, MINUTES = 6_000, 3, 3_200.0
CONTROL_SHARE, NAIVE_SHARE = 0.2, 0.1  # the tenth is a part of whom ours holds back
REACHED, KEPT = 0.6, 0.25  # of all called; of those about to leave who are reached
CALL = {"call": Action(channel="phone", acceptance=0.15, minutes=8.0, offer_cost=10.0, contact_cost=1.0)}
CAMPAIGNS, DRAWS = 1_000, 1_000


@dataclass(frozen=True)
class Campaign:
    """One campaign as it went, and as it truly was.

    Parameters
    ----------
    truth, truth_spend : what calling changed per customer chosen: share who stay, and spend.
    ours : callable chosen against control chosen.
    naive : the called against a random tenth of everybody, whom nobody called either.
    """

    truth: float
    truth_spend: float
    ours: Effect
    naive: Estimate


@dataclass(frozen=True, eq=False)
class Listed:
    """The customers of a campaign, and whom its lists chose, control included."""

    leaves: np.ndarray
    usual: np.ndarray
    held: np.ndarray
    tenth: np.ndarray
    chosen: np.ndarray


def listed(seed: int) -> Listed:
    """Three lists, one after the other."""
    rng = np.random.default_rng(seed)
    log_odds, usual = rng.normal(-0.8, 1, CUSTOMERS), rng.gamma(1.5, 40, CUSTOMERS)
    ids = [f"customer {number}" for number in range(CUSTOMERS)]
    lot = lots(ids, f"salt {seed}", "spring")
    held, tenth = lot < CONTROL_SHARE, lot < NAIVE_SHARE
    ties, chosen = rng.permutation(CUSTOMERS).astype(np.uint64), np.zeros(CUSTOMERS, np.bool_)
    for _ in range(LISTS):
        believed = 1 / (1 + np.exp(-log_odds - rng.normal(0, 0.8, CUSTOMERS)))
        gains, _ = expected_gains(customers(believed, 3 * usual), CALL, hour_cost=20.0)
        gains[chosen & ~held] = -np.inf  # called before
        problem = Problem(gains, Limits.of(CALL, MINUTES, None), ties, held)
        found = select(problem)
        control = control_of(problem, found, int((found.choice >= 0).sum()))
        chosen |= (found.choice >= 0) | (control >= 0)
    return Listed(1 / (1 + np.exp(-log_odds)), usual, held, tenth, chosen)


def customers(leaves: np.ndarray, value: np.ndarray) -> Customers:
    """Customers of whom nothing else is known."""
    return Customers(leaves, value, {}, np.full(len(leaves), np.nan), {})


def campaign(lists: Listed, seed: int, kept: float = KEPT, *, draws: int = 0) -> Campaign:
    """What came of the lists; money is judged where `draws` are asked for."""
    rng = np.random.default_rng([seed, 1])
    group, called = lists.chosen, lists.chosen & ~lists.held
    would_leave = rng.random(CUSTOMERS) < lists.leaves
    stayed = ~would_leave | (called & (rng.random(CUSTOMERS) < REACHED * kept))
    before, after = (lists.usual * rng.lognormal(-0.08, 0.4, CUSTOMERS) for _ in range(2))
    spend = {"spend": stayed * after, "spend_before": before} if draws else {}
    everybody = Chosen(lists.held, stayed, np.full(CUSTOMERS, CONTROL_SHARE), **spend)
    difference = REACHED * kept * lists.leaves[group]
    return Campaign(
        float(difference.mean()),
        float((difference * lists.usual[group]).mean()),
        effect(everybody.part(group), draws=draws, seed=seed),
        rate_difference(int(stayed[called].sum()), int(called.sum()), int(stayed[lists.tenth].sum()), int(lists.tenth.sum())),
    )


def covered(told: list[tuple[float, Estimate]]) -> float:
    """Share of the intervals that hold their truth."""
    return float(np.mean([found.low <= truth <= found.high for truth, found in told]))


def positive(found: list[Estimate]) -> float:
    """Share of the intervals above zero."""
    return float(np.mean([each.low > 0 for each in found]))


def main(campaigns: int = CAMPAIGNS) -> None:
    """Print the shares."""
    lists = [listed(seed) for seed in range(campaigns)]
    worked = [campaign(each, seed, draws=DRAWS) for seed, each in enumerate(lists)]
    idle = [campaign(each, seed, kept=0.0) for seed, each in enumerate(lists)]
    worked, idle = ([each for each in some if each.ours.retention is not None] for some in (worked, idle))
    print(f"{campaigns:,} campaigns; of {campaigns - len(worked)} nothing is told, for so uneven a split is hardly ever drawn")
    sizes = np.mean([(each.ours.called.customers, each.ours.control.customers) for each in worked], axis=0)
    print(f"  {sizes[0]:,.0f} to be called and {sizes[1]:,.0f} of control on average")
    for name, told in (
        ("retention, our control", [(each.truth, each.ours.retention) for each in worked]),
        ("retention, a tenth of everybody", [(each.truth, each.naive) for each in worked]),
        ("spend, our control", [(each.truth_spend, each.ours.spend) for each in worked]),
        ("spend adjusted, our control", [(each.truth_spend, each.ours.spend_adjusted) for each in worked]),
    ):
        truth, value, width = np.mean([(truth, found.value, found.high - found.low) for truth, found in told], axis=0)
        print(f"  {name:34} holds the truth {covered(told):6.1%}   {value:8.4f} for {truth:.4f}   width {width:.4f}")
    for name, found in (
        ("our control", [each.ours.retention for each in idle]),
        ("a tenth of everybody", [each.naive for each in idle]),
    ):
        harmed = np.mean([each.high < 0 for each in found])
        print(f"  no effect, {name:23} seems to help {positive(found):6.1%}   seems to harm {harmed:6.1%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CAMPAIGNS)
