"""The recipe keeps to time, finds the truth, and is the same every time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import rankdata

from churnscope.config.models import Model
from churnscope.errors import InputError
from churnscope.model.baselines import LogisticRule
from churnscope.model.boosters import Boosters
from churnscope.model.logistic import row_losses, sigmoid
from churnscope.model.training import train
from churnscope.timeline import Timing, split_by_time

from .conftest import SETTINGS, TIMING, snapshots, true_log_odds


def auroc(churned, scores):
    ranks = rankdata(scores)
    n_churned = churned.sum()
    return (ranks[churned == 1].sum() - n_churned * (n_churned + 1) / 2) / (n_churned * (len(churned) - n_churned))


def relabelled(table, rows, churned):
    labels = table.churned.copy()
    labels[rows] = churned
    return replace(table, churned=labels)


def test_the_model_comes_near_the_truth_and_beats_the_rules(table, split, trained):
    rows = table.cutoff == split.test[0]
    features, churned = table.features[rows], table.churned[rows]
    answers = trained.evaluation.probabilities(features, split.test[0])
    truth = sigmoid(true_log_odds(features))
    assert auroc(churned, answers["model"]) > auroc(churned, truth) - 0.02
    for rule in ("base rate", "recency rule", "overdue ratio"):
        assert auroc(churned, answers["model"]) > auroc(churned, answers[rule]) + 0.02


def test_columns_that_cannot_help_are_dropped_and_listed(trained):
    assert trained.dropped == {"shop_code": "always the same", "never_known": "never known"}
    assert trained.final.scorer.columns == (
        "days_since_last_purchase",
        "purchase_overdue_ratio",
        "purchase_gap_mean_days_ever",
        "purchase_count_ever",
    )


def test_one_booster_per_seed_each_with_its_rounds(trained):
    assert len(trained.final.scorer.texts) == len(trained.rounds) == SETTINGS.seeds
    assert trained.final.scorer.texts[0] != trained.final.scorer.texts[1]


def test_the_mean_of_the_seeds_is_taken_on_the_log_odds(table, trained):
    scorer = trained.final.scorer
    alone = [replace(scorer, texts=(text,)).margin(table.features[:50]) for text in scorer.texts]
    assert np.array_equal(scorer.margin(table.features[:50]), np.mean(alone, axis=0))


def test_the_same_table_gives_the_same_bytes_at_any_number_of_threads(table, split):
    few = SETTINGS.model_copy(update={"seeds": 1, "rounds": 8})
    once, again, parallel = (train(table, split, few, threads=threads) for threads in (1, 1, 2))
    assert once.final.scorer.texts == again.final.scorer.texts == parallel.final.scorer.texts
    assert once.evaluation.scorer.texts == parallel.evaluation.scorer.texts


def test_another_seed_gives_another_model(table, split, trained):
    other = train(table, split, SETTINGS.model_copy(update={"seed": 7}), threads=1)
    assert other.final.scorer.texts != trained.final.scorer.texts


def test_labels_that_were_not_closed_before_the_test_do_not_reach_the_evaluation_model(table, split, trained):
    open_rows = np.isin(table.cutoff, split.test + split.late)
    changed = train(relabelled(table, open_rows, 1 - table.churned[open_rows]), split, SETTINGS, threads=1)
    assert changed.evaluation.scorer.texts == trained.evaluation.scorer.texts
    assert changed.evaluation.calibration == trained.evaluation.calibration
    assert [rule.to_json() for rule in changed.evaluation.baselines] == [
        rule.to_json() for rule in trained.evaluation.baselines
    ]
    assert changed.final.scorer.texts != trained.final.scorer.texts


def test_censored_rows_teach_nothing(table, split, trained):
    late = snapshots(cutoffs=(210,), seed=9)
    longer = replace(
        table,
        customer=np.r_[table.customer, late.customer],
        cutoff=np.r_[table.cutoff, late.cutoff],
        churned=np.r_[table.churned, np.full(len(late.churned), -1, np.int8)],
        features=np.vstack([table.features, late.features]),
    )
    assert (
        train(longer, replace(split, late=(*split.late, 210)), SETTINGS, threads=1).final.scorer.texts
        == trained.final.scorer.texts
    )


def test_longer_silence_never_lowers_and_more_purchases_never_raise_the_risk(table, trained):
    base = table.features[:200]
    for column, sign in ((0, 1), (1, 1), (3, -1)):
        margins = []
        for value in (1, 2, 5, 10, 20, 50, 100, 200):
            moved = base.copy()
            moved[:, column] = value
            margins.append(sign * trained.final.scorer.margin(moved))
        assert np.all(np.diff(margins, axis=0) >= 0)


def test_without_monotone_the_directions_are_not_forced():
    table = snapshots()
    inverted = replace(table, churned=(1 - table.churned).astype(np.int8))
    split = split_by_time(table.cutoffs, TIMING)
    forced, free = (
        train(inverted, split, SETTINGS.model_copy(update={"monotone": value}), threads=1) for value in (True, False)
    )
    silence = table.features[table.features[:, 3] == 1][:2].copy()
    silence[:, 0] = [1, 180]
    assert np.diff(forced.final.scorer.margin(silence))[0] >= 0
    assert np.diff(free.final.scorer.margin(silence))[0] < 0


def test_with_enough_cutoffs_overconfidence_is_corrected_on_the_calibrate_cutoff():
    cutoffs = tuple(range(100, 240, 10))
    table, split = snapshots(cutoffs=cutoffs), split_by_time(cutoffs, Timing(20))
    assert split.calibrate
    from_stop_on = table.cutoff >= split.stop[0]
    rng = np.random.default_rng(3)
    faded = (rng.random(from_stop_on.sum()) < sigmoid(0.3 * true_log_odds(table.features[from_stop_on]) - 1)).astype(np.int8)
    trained = train(relabelled(table, from_stop_on, faded), split, SETTINGS, threads=1)
    assert trained.evaluation.calibration.beta is not None
    rows = table.cutoff == split.test[0]
    raw = trained.evaluation.scorer.margin(table.features[rows])
    corrected = trained.evaluation.calibration.log_odds(raw, split.test[0])
    labels = faded[-len(raw) :]
    assert row_losses(corrected, labels).mean() < row_losses(raw, labels).mean()


def few_churned(n_churned_customers):
    table = snapshots()
    rng = np.random.default_rng(0)
    leavers = rng.choice(600, n_churned_customers, replace=False)
    risky = np.isin(table.customer, leavers) & (table.features[:, 0] > 30)
    churned = risky.astype(np.int8)
    churned[np.isin(table.customer, leavers) & (table.cutoff == 100)] = 1
    return replace(table, churned=churned)


def test_with_few_churned_customers_the_small_recipe_is_used(split):
    trained = train(few_churned(120), split, SETTINGS)
    assert trained.small
    assert trained.rounds == ()
    assert trained.churned_customers == 120
    assert isinstance(trained.final.scorer, LogisticRule)
    assert trained.final.scorer.columns == ("days_since_last_purchase", "purchase_count_ever")


def test_with_enough_churned_customers_trees_are_grown(split):
    assert isinstance(train(few_churned(250), split, SETTINGS, threads=1).final.scorer, Boosters)


def test_ten_churned_customers_are_enough_where_small_models_are_allowed(split):
    allowed = SETTINGS.model_copy(update={"allow_small": True})
    assert train(few_churned(12), split, allowed, threads=1).small
    with pytest.raises(InputError, match=r"9 customers churned .* 10 are the fewest.*\nGive more"):
        train(few_churned(9), split, allowed, threads=1)
    with pytest.raises(InputError, match=r"30 are the fewest.*\nSet \[model\] allow_small = true to try"):
        train(few_churned(12), split, SETTINGS, threads=1)


@pytest.mark.parametrize(
    ("hopeless", "message"),
    [
        (few_churned(29), "29 customers churned after the cutoffs from 1970-04-11 to 1970-06-10; 30 are the fewest"),
        (few_churned(0), "No customers churned"),
        (relabelled(snapshots(), slice(None), 1), "All 600 customers churned .* nobody stayed"),
        (
            replace(few_churned(29), predicted="reactivation"),
            r"29 customers came back .*\n.*within a longer horizon",
        ),
    ],
)
def test_where_nothing_can_be_learned_it_says_so(hopeless, split, message):
    with pytest.raises(InputError, match=message):
        train(hopeless, split, SETTINGS)


def test_settings_reach_the_trees(table, split):
    trained = train(table, split, Model(seeds=1, rounds=3, leaves=2, depth=1, learning_rate=0.5), threads=1)
    assert trained.rounds[0] <= 4  # 3 rounds and a tenth
    assert set(np.diff(trained.final.scorer.trees[0].leaf_start)) == {2}
