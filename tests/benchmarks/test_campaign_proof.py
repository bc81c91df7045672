"""Where the effect of calling is known, our control group tells it, and a random tenth of everybody does not."""

from __future__ import annotations

import numpy as np
import pytest

FEW, MANY = 10, 50


@pytest.fixture(scope="module")
def lists():
    """Made once: choosing them is most of the work."""
    made = {}

    def of(campaigns):
        from campaign_proof import listed

        made.update({seed: listed(seed) for seed in range(campaigns) if seed not in made})
        return [made[seed] for seed in range(campaigns)]

    return of


def told(lists, *, kept):
    from campaign_proof import campaign

    every = [each for seed, lists_of in enumerate(lists) if (each := campaign(lists_of, seed, kept)).ours.retention is not None]
    assert len(every) >= 0.95 * len(lists)
    return [(each.truth, each.ours.retention) for each in every], [(each.truth, each.naive) for each in every]


def test_a_few_campaigns_are_told_as_they_were(lists):
    from campaign_proof import KEPT, covered

    ours, naive = told(lists(FEW), kept=KEPT)
    assert covered(ours) >= 0.8
    assert covered(naive) <= 0.1


@pytest.mark.slow
def test_fifty_campaigns_are_told_as_they_were(lists):
    from campaign_proof import KEPT, covered, positive

    ours, naive = told(lists(MANY), kept=KEPT)
    assert covered(ours) >= 0.9  # 45 of 50: fewer come once in fifty times where it is 95%
    truth, found = np.mean([(truth, found.value) for truth, found in ours], axis=0)
    assert found == pytest.approx(truth, abs=3 * 0.04 / MANY**0.5)
    assert covered(naive) <= 0.1
    ours, naive = ([found for _, found in arm] for arm in told(lists(MANY), kept=0.0))
    assert positive(ours) <= 0.08
    assert np.mean([found.high < 0 for found in naive]) > 0.95
