"""Campaigns of known effect: how often the interval holds it, with our control group and with a random tenth of everybody.

python benchmarks/campaign_proof.py [CAMPAIGNS]

Customers leave with a chance of their own, which a score knows roughly. Three lists take the highest scores; whoever was called
is left in peace afterwards. A call reaches six in ten, and of those about to leave who are reached it keeps a known share.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass

import numpy as np

from churnscope.decisions.campaign import Chosen, Effect, effect
from churnscope.evaluation.arms import DRAWS, rate_difference
from churnscope.evaluation.intervals import Estimate

CUSTOMERS, CALLED_PER_LIST, LISTS = 6_000, 400, 3
CONTROL_SHARE, NAIVE_SHARE = 0.2, 0.1  # the tenth is a part of whom ours holds back
REACHED, KEPT = 0.6, 0.25
CAMPAIGNS = 1_000


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


def campaign(seed: int, kept: float = KEPT, *, draws: int = 0) -> Campaign:
    """A campaign of three lists; money is judged where `draws` are asked for."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-0.8, 1, CUSTOMERS)
    leaves = 1 / (1 + np.exp(-log_odds))
    score = log_odds + rng.normal(0, 0.7, CUSTOMERS)
    lot = lots(f"campaign {seed}")
    held, tenth = lot < CONTROL_SHARE, lot < NAIVE_SHARE
    called, control = chosen(score, held, rng)
    would_leave = rng.random(CUSTOMERS) < leaves
    saved = called & would_leave & (rng.random(CUSTOMERS) < REACHED * kept)
    stayed = ~would_leave | saved
    usual = rng.gamma(1.5, 40, CUSTOMERS)
    before, after = (usual * rng.lognormal(-0.08, 0.4, CUSTOMERS) for _ in range(2))
    group = called | control
    spend = {"spend": stayed * after, "spend_before": before} if draws else {}
    everybody = Chosen(~called, stayed, np.full(CUSTOMERS, CONTROL_SHARE), **spend)
    difference = REACHED * kept * leaves
    return Campaign(
        float(difference[group].mean()),
        float((difference * usual)[group].mean()),
        effect(everybody.part(group), draws=draws, seed=seed),
        rate_difference(int(stayed[called].sum()), int(called.sum()), int(stayed[tenth].sum()), int(tenth.sum())),
    )


def chosen(score: np.ndarray, held: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Who is to be called, and whom the same cuts would have called, had they not been held back."""
    called, control = np.zeros((2, CUSTOMERS), np.bool_)
    for _ in range(LISTS):
        today = np.where(called, -np.inf, score + rng.normal(0, 0.3, CUSTOMERS))
        ranked = np.argsort(-today)
        cut = np.searchsorted(np.cumsum(~held[ranked]), CALLED_PER_LIST) + 1
        called[ranked[:cut][~held[ranked[:cut]]]] = True
        control[ranked[:cut][held[ranked[:cut]]]] = True
    return called, control


def lots(salt: str) -> np.ndarray:
    """A number in [0, 1) for each customer, by hash."""
    begun = hashlib.sha256(f"{salt}\x1f".encode())
    digests = bytearray()
    for number in range(CUSTOMERS):
        one = begun.copy()
        one.update(str(number).encode())
        digests += one.digest()[:8]
    return np.frombuffer(bytes(digests), ">u8") / 2.0**64


def covered(told: list[tuple[float, Estimate]]) -> float:
    """Share of the intervals that hold their truth."""
    return float(np.mean([found.low <= truth <= found.high for truth, found in told]))


def positive(found: list[Estimate]) -> float:
    """Share of the intervals above zero."""
    return float(np.mean([each.low > 0 for each in found]))


def main(campaigns: int = CAMPAIGNS) -> None:
    """Print the shares."""
    every = [campaign(seed, draws=DRAWS) for seed in range(campaigns)]
    worked = [each for each in every if each.ours.retention is not None]
    idle = [each for seed in range(campaigns) if (each := campaign(seed, kept=0.0)).ours.retention is not None]
    print(f"{campaigns:,} campaigns; of {campaigns - len(worked)} nothing is told, for so uneven a split is hardly ever drawn")
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
