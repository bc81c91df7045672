"""What those are worth who come back, against customers who live by the model's own rules."""

import numpy as np
import pytest

from churnscope.value import MBGNBD, RepeatRows
from churnscope.value.forecast import ValueModel
from churnscope.value.gamma_gamma import GammaGamma, SpendRows
from churnscope.value.histories import Histories

WATCHED, SILENT, AHEAD, END = 365.0, 120.0, 60.0, 15_000.0  # days
PURCHASES, SPEND = MBGNBD((1.5, 60.0, 0.8, 3.0), days_per_unit=1.0), GammaGamma(p=6.0, q=4.0, v=15.0)
MONEY = {"margin": 0.4, "yearly_discount": 0.2}


def lives(customers, rng):
    """The days of all repeat purchases of each customer, the first one on day 0; whoever stops after it has none."""
    r, alpha, a, b = PURCHASES.parameters
    for rate, stops in zip(rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers), strict=True):
        most = 50 + int(2 * rate * END)  # more do not fit into the days that are looked at
        yield np.cumsum(rng.exponential(1 / rate, min(rng.geometric(stops) - 1, most)))


@pytest.fixture(scope="module")
def returned():
    """Those who had been silent and came back: their histories, and what all they bought from then on is worth."""
    rng = np.random.default_rng(0)
    rows, came = [], []
    for days in lives(40_000, rng):
        seen, later = days[days <= WATCHED], days[(days > WATCHED) & (days < END)]
        last = seen[-1] if len(seen) else 0.0
        if last < WATCHED - SILENT and len(later) and later[0] <= WATCHED + AHEAD:
            rows.append((len(seen), last, WATCHED))
            came.append(float(((1 + MONEY["yearly_discount"]) ** (-(later - WATCHED) / 365.25)).sum()))
    repeats = RepeatRows(*zip(*rows, strict=True))
    spend = SpendRows(repeats.frequency, np.where(repeats.frequency > 0, 30.0, 0.0))
    nothing = np.zeros(len(rows))
    histories = Histories(np.arange(len(rows)), repeats, spend, nothing, nothing)
    return histories, MONEY["margin"] * SPEND.expected_spend(spend) * np.array(came)


def test_who_comes_back_is_worth_a_purchase_and_what_follows_it(returned):
    histories, came = returned
    model = ValueModel(PURCHASES, SPEND)
    assert len(came) > 1_000
    told = model.worth_if_back(histories, **MONEY)
    assert told.mean() == pytest.approx(came.mean(), rel=0.06)
    for few in (True, False):  # of those who had bought once or twice, and of the others
        some = (histories.rows.frequency < 2) == few
        assert told[some].mean() == pytest.approx(came[some].mean(), rel=0.1)
    never_left = model.worth(histories, **MONEY) / PURCHASES.alive_probability(histories.rows)
    assert never_left.mean() < 0.9 * came.mean()
    assert (told > never_left).all()


def test_whoever_has_bought_but_once_today_can_come_back_too():
    spend = SpendRows([0], [0.0])
    histories = Histories(np.arange(1), RepeatRows([0], [0], [0]), spend, np.zeros(1), np.zeros(1))
    assert np.isfinite(ValueModel(PURCHASES, SPEND).worth_if_back(histories, **MONEY)).all()
