"""Where the effect of calling is known, our control group tells it, and a random tenth of everybody does not."""

from __future__ import annotations

import numpy as np
import pytest


def told(seeds: range, kept: float) -> tuple[list, list]:
    from campaign_proof import campaign

    every = [each for seed in seeds if (each := campaign(seed, kept)).ours.retention is not None]
    assert len(every) >= 0.99 * len(seeds)
    return [(each.truth, each.ours.retention) for each in every], [(each.truth, each.naive) for each in every]


def test_fifty_campaigns_are_told_as_they_were():
    from campaign_proof import KEPT, covered

    ours, naive = told(range(50), KEPT)
    assert covered(ours) >= 0.9
    assert covered(naive) == 0


@pytest.mark.slow
def test_a_thousand_campaigns_are_told_as_they_were():
    from campaign_proof import KEPT, covered

    ours, naive = told(range(1_000), KEPT)
    assert 0.93 <= covered(ours) <= 0.97
    truth, found = np.mean([(truth, found.value) for truth, found in ours], axis=0)
    assert found == pytest.approx(truth, abs=0.003)
    assert covered(naive) < 0.01


@pytest.mark.slow
def test_of_a_thousand_idle_campaigns_few_seem_to_help():
    from campaign_proof import positive

    ours, naive = ([found for _, found in arm] for arm in told(range(1_000), 0.0))
    assert positive(ours) <= 0.035
    assert np.mean([found.high < 0 for found in naive]) > 0.99
