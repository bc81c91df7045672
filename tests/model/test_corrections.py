"""A correction is kept where it helps on rows it was not learned from."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.model.corrections import Corrections, Outcomes, Trial, helpful
from churnscope.model.logistic import sigmoid


def outcomes(cutoffs, bend=lambda log_odds, _: log_odds, n_rows=4_000, seed=0):
    rng = np.random.default_rng([seed, *cutoffs])
    cutoff = np.repeat(np.array(cutoffs, np.int32), n_rows)
    margin = rng.normal(0, 1.5, len(cutoff))
    churned = (rng.random(len(cutoff)) < sigmoid(bend(margin, cutoff))).astype(np.int8)
    return Outcomes(margin, churned, cutoff)


def trials(bend):
    first = Trial(outcomes([0, 30, 60], bend), outcomes([370], bend))
    second = Trial(outcomes([0, 30, 60, 370], bend), outcomes([395], bend))
    return first, second


def test_a_true_model_is_left_alone():
    assert helpful(*trials(lambda log_odds, _: log_odds)) == Corrections()


def test_overconfidence_is_corrected():
    assert helpful(*trials(lambda log_odds, _: log_odds / 3)) == Corrections(beta=True)


def test_a_season_that_comes_back_is_corrected():
    swing = {0: 0.0, 30: -1.5, 60: 0.0, 370: 0.0, 395: -1.5}
    kept = helpful(*trials(lambda log_odds, cutoff: log_odds + np.vectorize(swing.get)(cutoff)))
    assert kept == Corrections(season=True)


def test_what_helped_once_and_no_longer_is_not_kept():
    def bend(log_odds, cutoff):
        return np.where(cutoff == 370, log_odds / 4 - 1, log_odds)

    assert helpful(*trials(bend)) == Corrections()


def test_later_rows_of_one_outcome_alone_give_no_map():
    first, second = trials(lambda log_odds, _: log_odds)
    stayed = Outcomes(first.later.margin, np.zeros_like(first.later.churned), first.later.cutoff)
    learned = Corrections(beta=True).learned(Trial(first.seen, stayed), second.seen)
    assert learned.beta is None


def test_the_beta_map_is_learned_on_the_later_rows_of_the_trial():
    first, second = trials(lambda log_odds, _: 0.5 * log_odds)
    beta = Corrections(beta=True).learned(first, second.seen).beta
    assert beta(np.array([-2.0, 0.0, 2.0])) == pytest.approx([-1.0, 0.0, 1.0], abs=0.15)
