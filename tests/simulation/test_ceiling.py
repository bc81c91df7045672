"""The best possible probabilities: the published model, and calibrated on what happens."""

from dataclasses import replace

import numpy as np
import pytest

from churnscope.errors import ConfigError
from churnscope.simulation import PRESETS, simulate_tables
from churnscope.simulation.business import Lapse, Purchases, Season
from churnscope.simulation.ceiling import Histories, silence_probability
from churnscope.simulation.clock import Clock

BUSY = Season(yearly_swing=0.5, weekend_factor=2)


def pareto_nbd(r, alpha, s, b):
    """A business with these parameters, one unit of time a day."""
    purchases = Purchases(shape=r, per_year=r / alpha * 365.25, lines_per_order=1)
    return replace(PRESETS["pareto_nbd"], purchases=purchases, lapse=Lapse(shape=s, half_life_days=b * (2 ** (1 / s) - 1)))


def test_pareto_nbd_of_cdnow():
    """No purchase in 13 weeks, for three customers (repeats, last, T) of the CDNOW sample, in weeks."""
    business = pareto_nbd(0.55327551, 10.57761198, 0.60621369, 11.66791603)
    clock = Clock.of(business.season, business.first_day, 60)
    for repeats, last, length, expected in ((2, 30.43, 38.86, 0.633094), (0, 0, 38.86, 0.966555), (26, 30.86, 31, 0.024416)):
        seen = Histories(np.zeros(1), np.array([repeats]), np.array([float(last)]))
        found = silence_probability(business, clock, seen, cutoff=length, horizon_days=13)
        assert found == pytest.approx([expected], abs=2e-5)


@pytest.mark.parametrize("season", [Season(), BUSY])
def test_it_is_calibrated_on_what_happens(season, days_of, owners_of, within_chance):
    n, cutoff, horizon = 12_000, 400, 60
    business = replace(PRESETS["pareto_nbd"], season=season)
    lines = simulate_tables(business, customers=n, days=500, seed=6)["purchases"]
    owner, time = owners_of(lines["customer"]), days_of(lines["time"], business)
    seen = histories(owner[time < cutoff], time[time < cutoff], n)
    clock = Clock.of(business.season, business.first_day, 500)
    probability = silence_probability(business, clock, seen, cutoff=cutoff, horizon_days=horizon)
    silent = np.bincount(owner[(time >= cutoff) & (time < cutoff + horizon)], minlength=n) == 0
    assert ((probability >= 0) & (probability <= 1)).all()
    for part in np.array_split(np.argsort(probability), 8):
        p = probability[part]
        assert within_chance(silent[part].sum(), p.sum(), (p * (1 - p)).sum())


def histories(owner, time, n):
    order = np.lexsort((time, owner))
    owner, time = owner[order], time[order]
    counts = np.bincount(owner, minlength=n)
    ends = np.cumsum(counts)
    return Histories(time[ends - counts], counts - 1, time[ends - 1])


def test_it_is_refused_where_lives_end_otherwise():
    seen = Histories(np.zeros(1), np.zeros(1, dtype=np.int64), np.zeros(1))
    with pytest.raises(ConfigError, match="without contracts"):
        silence_probability(PRESETS["both"], Clock.of(Season(), PRESETS["both"].first_day, 10), seen, cutoff=5, horizon_days=5)
