"""Learners on campaigns whose effect is known, and campaigns that are refused."""

import numpy as np
import pytest

from churnscope.config.models import Model
from churnscope.errors import InputError
from churnscope.uplift import (
    KINDS,
    Experiment,
    assignment_auroc,
    cross_fitted,
    qini,
    refuse_predictable,
    refuse_small,
    uplift_figures,
    uplift_settings,
)
from uplift.campaigns import SPECS, campaign

SETTINGS = uplift_settings(Model())


def fitted(experiment, **options):
    return cross_fitted(experiment, SETTINGS, np.random.default_rng(0), threads=1, **options)


@pytest.fixture(scope="module")
def learned():
    experiment = campaign(6_000)
    return experiment, fitted(experiment, folds=3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_learner_finds_who_is_changed_and_by_how_much(learned, kind):
    experiment, crossed = learned
    uplift = crossed.effects.uplift[kind][:, 0]
    by_segment = [uplift[experiment.features[:, 0] == segment].mean() for segment in range(3)]
    assert by_segment[0] < by_segment[1] < by_segment[2]
    np.testing.assert_allclose(by_segment, [0, 0.1, 0.25], atol=0.1)  # small effects are drawn to the mean
    figures = uplift_figures(experiment.outcome, uplift, experiment.arm == 1, np.random.default_rng(0), draws=100)
    assert figures.qini.low > 0


def test_what_would_come_without_an_offer_is_told_too(learned):
    experiment, crossed = learned
    risk = experiment.features[:, 1]
    assert np.corrcoef(crossed.effects.untreated, risk)[0, 1] > 0.7


def test_new_customers_are_told_of_by_the_mean_of_all_folds(learned):
    experiment, crossed = learned
    told = crossed.expected(experiment.features[:10])
    parts = [learner.effects(experiment.features[:10]).uplift["x"] for learner in crossed.learners]
    np.testing.assert_allclose(told.uplift["x"], np.mean(parts, axis=0))


@pytest.mark.slow
def test_the_same_campaign_gives_the_same_effects_whatever_the_threads():
    experiment = campaign(1_500)
    one, two = (cross_fitted(experiment, SETTINGS, np.random.default_rng(0), folds=2, threads=number) for number in (1, 2))
    for kind in KINDS:
        np.testing.assert_array_equal(one.effects.uplift[kind], two.effects.uplift[kind])


def test_several_offers_are_told_apart():
    experiment = campaign(6_000, offers=("call", "mail"), effects=(0.2, 0.2, 0.2))
    effects = fitted(experiment, folds=2).effects
    for kind in KINDS:
        assert effects.uplift[kind].shape == (6_000, 2)
        call, mail = effects.uplift[kind].mean(axis=0)
        assert call > mail > 0


def test_an_offer_without_effect_is_not_ordered_by_it():
    experiment = campaign(4_000, effects=(0, 0, 0), seed=5)
    uplift = fitted(experiment, folds=2).effects.uplift["x"][:, 0]
    assert abs(qini(experiment.outcome, uplift, experiment.arm == 1)) < 0.05


def test_a_fair_draw_is_not_foretold():
    aurocs = assignment_auroc(campaign(4_000, offers=("call", "mail")), SETTINGS, np.random.default_rng(0), threads=1)
    for auroc in aurocs:
        assert auroc.low < 0.5 < auroc.high
    refuse_predictable(("call", "mail"), aurocs)


def test_a_campaign_for_the_riskiest_is_refused():
    fair = campaign(4_000)
    chance = np.random.default_rng(1).random(4_000)
    chosen = (chance < 0.3 + 0.4 * fair.features[:, 1]).astype(np.int8)
    aurocs = assignment_auroc(
        Experiment(fair.features, SPECS, chosen, fair.outcome, ("mail",)), SETTINGS, np.random.default_rng(0), threads=1
    )
    with pytest.raises(InputError, match=r"not drawn at random: .* customers of mail from control, .* \(AUROC 0\.6"):
        refuse_predictable(("mail",), aurocs)


def test_no_control_group_is_refused():
    fair = campaign(1_000)
    everyone = Experiment(fair.features, SPECS, np.ones(1_000, np.int8), fair.outcome, ("mail",))
    with pytest.raises(InputError, match="no control group"):
        refuse_small(everyone)


def test_too_few_of_an_arm_are_refused():
    with pytest.raises(InputError, match=r"Arm control has \d+ customers .* it takes 200"):
        refuse_small(campaign(300))


def test_too_few_outcomes_are_refused():
    fair = campaign(1_000)
    rare = Experiment(fair.features, SPECS, fair.arm, np.zeros(1_000, np.int8), ("mail",))
    with pytest.raises(InputError, match=r"Arm control has 0 outcomes among \d+ customers"):
        refuse_small(rare)
    refuse_small(fair)


def test_folds_have_their_share_of_each_arm_and_outcome():
    experiment = campaign(1_000)
    fold = experiment.folds(5, np.random.default_rng(0))
    for arm in (0, 1):
        for outcome in (0, 1):
            sizes = np.bincount(fold[(experiment.arm == arm) & (experiment.outcome == outcome)], minlength=5)
            assert sizes.max() - sizes.min() <= 1


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="arms are 0"):
        Experiment(np.zeros((1, 3), np.float32), SPECS, np.array([2], np.int8), np.array([0], np.int8), ("mail",))
