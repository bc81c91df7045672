"""Campaigns whose effect is known."""

import numpy as np

from churnscope.features import FeatureSpec
from churnscope.uplift import Experiment

SPECS = tuple(
    FeatureSpec(name=name, unit="number", concept=name, sentence="{value:.1f}") for name in ("segment", "risk", "noise")
)


def campaign(n=6_000, *, offers=("mail",), effects=(0.0, 0.1, 0.25), seed=0, noise=0):
    """Arms drawn evenly; the first offer has the effects by segment 0, 1, 2, further ones half of them."""
    random = np.random.default_rng(seed)
    segment, risk = random.integers(0, 3, n), random.random(n)
    arm = random.integers(0, len(offers) + 1, n)
    share = np.array([0.0, *(1 / 2**number for number in range(len(offers)))])[arm]
    chance = 0.3 + 0.3 * risk + share * np.asarray(effects)[segment]
    features = np.column_stack([segment, risk, random.random(n)]).astype(np.float32, order="F")
    outcome = (random.random(n) < chance).astype(np.int8)
    return Experiment(features, SPECS, arm.astype(np.int8), outcome, tuple(offers))
