"""From when on the data show who leaves."""

import numpy as np

from churnscope.lifecycle.retention import retention
from churnscope.lifecycle.spells import Spells
from churnscope.lifecycle.watch import Watch
from lifecycle.made_up import spells, steady


def survivors_only(life, day):
    """The same life as files tell it that hold nobody who left before a day."""
    stays = life.customer[(life.stage == 3) & (life.left > day)]
    kept = np.isin(life.customer, stays)
    return Spells(life.n_customers, life.customer[kept], life.stage[kept], life.entered[kept], life.left[kept], life.until)


def test_where_those_who_left_before_a_day_are_missing_that_is_seen():
    life = steady(
        np.random.default_rng(0), n_customers=2_000, first=0, until=900, leaving=0.003, returning=1e-9, arriving_days=890
    )
    whole, cut = Watch.of(life), Watch.of(survivors_only(life, 600))
    assert not whole.is_cut
    assert whole.watched_from is None
    assert whole.note is None
    assert (cut.is_cut, cut.watched_from, cut.since) == (True, cut.first_loss - 1, cut.first_loss - 1)
    assert 600 < cut.first_loss < 605
    assert "who left before seems not to be in the files" in cut.note


def test_the_rate_is_found_although_those_who_left_before_are_missing():
    life = steady(
        np.random.default_rng(1), n_customers=4_000, first=0, until=900, leaving=0.003, returning=1e-9, arriving_days=890
    )
    cut = survivors_only(life, 600)
    blind = retention(cut).comparisons[0].curves[0].at(180)
    seen = retention(cut, watched_from=Watch.of(cut).watched_from).comparisons[0].curves[0].at(180)
    truth = (1 - 0.003) ** 180
    assert blind[1] > truth + 0.1
    assert seen[1] < truth < seen[2]


def test_silence_that_has_to_last_hides_nobody():
    # Nobody can be inactive before 90 days of silence: no loss is seen before, and none is missing.
    rows = []
    for customer in range(300):
        rows += [(customer, "new", customer % 60, customer % 60 + 90), (customer, "inactive", customer % 60 + 90, 400)]
    watch = Watch.of(spells(rows, 300, 400))
    assert (watch.first_loss, watch.is_cut) == (90, False)


def test_where_nobody_leaves_there_is_nothing_to_say():
    watch = Watch.of(spells([(0, "new", 0, 50)], 1, 50))
    assert (watch.first_loss, watch.since, watch.is_cut) == (None, None, False)
    assert watch.to_json() == {"first_loss": None, "unseen_losses": 0.0, "is_cut": False}
