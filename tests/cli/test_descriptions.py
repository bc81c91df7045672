"""What each command says of its result."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from churnscope.cli import audit, check, evaluate, score, train
from churnscope.cli.rendering import print_parts
from churnscope.config.models import Evaluation as Settings
from churnscope.decisions import Offer, profit_figures
from churnscope.evaluation.backtest import Fold
from churnscope.evaluation.figures import evaluate as judge
from churnscope.evaluation.grade import grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.model.tuning import Tuned
from churnscope.project.notebook import DETAILS
from churnscope.project.results import AuditResult, CheckResult, EvaluateResult, ScoreResult, StandIn, Tracking, TrainResult
from churnscope.project.results.models import LabelSaid
from churnscope.sources.report import FileFacts, SourceReport
from churnscope.timeline import Split


def said(module, result):
    stream = io.StringIO()
    print_parts(module.describe(result), stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=600)
    churned = rng.uniform(size=600) < chance
    forecasts = {"model": chance, "base_rate": np.full(600, 0.5), "recency": np.clip(chance + rng.normal(0, 0.3, 600), 0, 1)}
    return judge(churned, np.arange(600), forecasts, Settings(bootstraps=50), rng)


@pytest.fixture
def source():
    return SourceReport(
        name="purchases",
        role="purchases",
        files=(FileFacts("a.csv.gz", 10, "0" * 64, 1000),),
        rows_in=1000,
        used=700,
        quarantined={"bad_time": 3},
        ignored={"overlap": 47, "no_customer": 250},
        customers=120,
        missing_ids=250,
        duplicates=5,
        first_day=15_000,
        last_day=15_099,
        counted={"repeated_hour": 2},
        advice=(),
    )


def check_result(source, **changes):
    facts = {"as_of": 15_100, "complete_through": 15_099, "cutoffs": (15_000, 15_010), "quarantine": None, "advice": ()}
    return CheckResult(reports=(source,), **(facts | changes))


def test_check_shows_rows_by_what_became_of_them(source):
    assert said(check, check_result(source)) == (
        "As of 2011-05-06; data are complete through 2011-05-05; 2 cutoffs to train on.\n"
        "\n"
        "purchases (purchases)\n"
        "  files                            1\n"
        "  rows in                      1,000\n"
        "  used                           700  70.0%\n"
        "  quarantined                      3   0.3%\n"
        "    bad time                       3   0.3%\n"
        "  ignored                        297  29.7%\n"
        "    no customer                  250  25.0%\n"
        "    overlap                       47   4.7%\n"
        "  customers                      120\n"
        "  rows without customer          250  25.0%\n"
        "  duplicate rows                   5   0.5%\n"
        "  noticed: repeated hour           2\n"
        "  first day               2011-01-26\n"
        "  last day                2011-05-05\n"
        "  history in days                100\n"
    )


def test_check_ends_with_what_to_do(source):
    text = said(check, check_result(source, quarantine=Path("out/quarantine"), advice=("Give more history.",)))
    assert text.endswith(
        "\nQuarantined rows, with file, line and rule: out/quarantine\n"
        "\nWhat to do\n"
        "- Give more history.\n"
    )  # fmt: skip


def train_result(evaluation, **changes):
    facts = {
        "name": "shop",
        "version": "v1",
        "folder": Path("models/shop/v1"),
        "as_of": 15_100,
        "split": Split((15_000, 15_010), (15_040,), (15_070,)),
        "rows": 2400,
        "churned": 900,
        "rounds": (120, 130),
        "features": 40,
        "evaluation": evaluation,
        "grade": grade(evaluation),
        "promoted": True,
        "promotion": "it beats the simple rules.",
        "tracking": Tracking("abc", "mlflow ui"),
    }
    return TrainResult(**(facts | changes))


def test_train_says_what_was_learnt_from_and_what_comes_next(evaluation):
    text = said(train, train_result(evaluation))
    assert "Trained shop v1 as of 2011-05-06: models/shop/v1" in text
    assert "cutoffs to fit   2011-01-26, 2011-02-05" in text
    assert "2,400, of which 900 churned" in text
    assert "Champion: it beats the simple rules." in text
    assert "mlflow ui" in text
    assert text.endswith("Next: churnscope score CONFIG\n")


def test_a_model_that_is_not_promoted_is_scored_by_its_folder(evaluation):
    text = said(train, train_result(evaluation, promoted=False, tracking=Tracking(pending="the store is away.")))
    assert "Not promoted" in text
    assert "Tracking is pending: the store is away." in text
    assert "`churnscope sync CONFIG` sends the run later" in text
    assert text.endswith("Next: churnscope score CONFIG --model models/shop/v1\n")


@pytest.mark.parametrize(
    ("better", "words"),
    [
        (True, "leaves 4, l2 0.5 (of 20 tried; log loss 0.6000 to 0.5000"),
        (False, "as declared: none of 20 tried was clearly better"),
    ],
)
def test_train_says_what_a_search_chose(evaluation, better, words):
    found = Tuned(20, {"leaves": 4, "l2": 0.5}, better, 0.6, 0.5)
    assert words in said(train, train_result(evaluation, tuned=found))


def test_evaluate_puts_every_predictor_beside_the_model_with_intervals(evaluation):
    result = EvaluateResult(
        "shop", "v1", 15_100, 15_070, 15_040, evaluation, grade(evaluation), (Path("out/evaluation.json"),), Tracking()
    )
    text = said(evaluate, result)
    auroc = evaluation.model.metrics["auroc"]
    assert f"{auroc.value:.3f} [{auroc.low:.3f}, {auroc.high:.3f}]" in text
    lines = [line.rstrip() for line in text.splitlines()]
    figures, ahead = (lines[lines.index(title) + 2 :] for title in ("Model and simple rules", "Model minus rule"))
    assert [line.split("  ")[1] for line in figures[: figures.index("")]] == ["model", "base rate", "recency"]
    assert [line.split("  ")[1] for line in ahead[: ahead.index("")]] == ["base rate", "recency"]
    assert max(len(line) for line in figures[: figures.index("")]) <= 80
    assert "calibration slope" in text
    assert "the calibration error lies between" in text
    assert "lift at 10 %" in text
    assert "Written: out/evaluation.json" in text


def test_evaluate_shows_the_money(evaluation):
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=600)
    profit = profit_figures(rng.uniform(size=600) < chance, chance, Offer())
    result = EvaluateResult("shop", "v1", 15_100, 15_070, 15_040, evaluation, grade(evaluation), (), Tracking(), profit=profit)
    text = said(evaluate, result)
    assert "a contact pays from" in text
    assert f"{profit.chosen.size} ({profit.chosen.share:.1%})" in text
    assert "30%, value x 1 " in text
    assert f"{profit.empc.per_customer:.3f} at {profit.empc.share:.1%}" in text


def test_evaluate_shows_the_backtest_by_cutoff(evaluation):
    folds = tuple(
        Fold(Split((15_000,), (15_010,), (day,)), evaluation, newcomers)
        for day, newcomers in ((15_040, None), (15_070, evaluation))
    )
    result = EvaluateResult(
        "shop", "v1", 15_100, 15_070, 15_040, evaluation, grade(evaluation), (), Tracking(), looks=3, backtest=folds
    )
    text = said(evaluate, result)
    auroc, ahead = evaluation.model.metrics["auroc"], evaluation.differences["recency"]["auroc"]
    rows = [line.split() for line in text.splitlines() if line.startswith("  2011-0")]
    assert [row[0] for row in rows] == ["2011-03-07", "2011-04-06"] * 2
    assert f"{auroc.value:.3f}" in rows[0]
    assert f"{ahead.value:+.3f} [{ahead.low:+.3f}, {ahead.high:+.3f}]" in text
    assert "This test cutoff was looked at 3 times" in text


def test_train_says_which_rule_serves_in_place_of_the_model(evaluation):
    text = said(train, train_result(evaluation, promoted=False, stand_in=StandIn("recency rule", "v2")))
    assert "In its place serves a simple rule, the recency rule: version v2." in text
    assert "churnscope models promote CONFIG v1 --force" in text
    assert text.endswith("Next: churnscope score CONFIG\n")


def a_finding(**changes):
    facts = {"kind": "tells the outcome", "severity": "leak", "subject": "crm.risk", "where": "[sources.crm] signals.risk"}
    return Finding(**(facts | {"what": "risk alone reaches AUROC 1.000.", "advice": "Leave it out."} | changes))


def test_audit_shows_each_finding_with_where_and_what_to_do():
    findings = (a_finding(), a_finding(subject="crm.age", severity="suspicious", accepted="it is checked"))
    text = said(audit, AuditResult("shop", 15_100, findings, 2_400, 40, 256, (15_000, 15_040), {"crm": 15_099}))
    assert text == (
        "Audited shop as of 2011-05-06: 40 features of 2,400 snapshots, built again with another future for 256 customers at 2 "
        "cutoffs.\n"
        "Past rows were compared with those of the run as of 2011-05-05.\n"
        "\n"
        "Leak: crm.risk tells the outcome\n"
        "  where       [sources.crm] signals.risk\n"
        "  found       risk alone reaches AUROC 1.000.\n"
        "  what to do  Leave it out.\n"
        "\n"
        "Accepted: crm.age tells the outcome\n"
        "  where     [sources.crm] signals.risk\n"
        "  found     risk alone reaches AUROC 1.000.\n"
        "  accepted  it is checked\n"
    )


def test_audit_that_finds_nothing_says_so():
    text = said(audit, AuditResult("shop", 15_100, (), 2_400, 40, 256, (15_000,), {}))
    assert "there was no earlier one" in text
    assert text.endswith("Nothing was found.\n")


def test_train_shows_what_the_audit_found(evaluation):
    text = said(train, train_result(evaluation, findings=(a_finding(accepted="known by contract"),)))
    assert "Accepted: crm.risk tells the outcome" in text
    assert "  accepted  known by contract" in text


def score_result(**changes):
    facts = {"name": "shop", "version": "v1", "as_of": 15_100, "run_id": "2c77a06fcf939929", "was_done": False}
    facts |= {
        "counts": {"active": 60, "inactive": 30, "no_history": 10, "high": 6, "medium": 24, "low": 30},
        "manifest": Path("out/manifest.json"),
    }
    return ScoreResult(outputs=(Path("out/scores.csv"),), **(facts | changes))


def test_score_counts_customers_by_state_and_band():
    text = said(score, score_result())
    assert text.startswith("Scored. shop v1, as of 2011-05-06, run 2c77a06fcf939929.\n")
    assert "  active            60  60.0%\n    high risk        6  10.0%\n" in text
    assert "  no history        10  10.0%" in text
    assert text.endswith("Written: out/scores.csv\nWritten: out/manifest.json\n")


def test_score_says_when_there_was_nothing_to_do():
    text = said(score, score_result(was_done=True))
    assert text.startswith("This very run was done before")
    assert text.endswith("Already written: out/scores.csv\nAlready written: out/manifest.json\n")


def test_who_comes_back_is_spoken_of_in_words_of_returning(evaluation):
    back = replace(evaluation, predicted="reactivation")
    label = LabelSaid("no_event", "A customer who was inactive at the cutoff and does something.", "reactivation")
    folds = (Fold(Split((15_000,), (15_010,), (15_040,)), back, back),)
    judged = EvaluateResult(
        "shop", "v1", 15_100, 15_070, 15_040, back, grade(back), (), Tracking(), backtest=folds, label=label
    )
    counts = {"inactive": 100, "active": 30, "no_history": 2, "likely": 10, "possible": 40, "unlikely": 50}
    scored = ScoreResult(
        "shop", "v1", 15_100, "0a", counts, (Path("s.csv"),), Path("m.json"), was_done=False, predicted="reactivation"
    )
    texts = [
        said(train, train_result(back, label=label)),
        said(evaluate, judged),
        said(score, scored),
        scored.summary,
        "".join(DETAILS["TrainResult"](train_result(back, label=label))),
    ]
    for text in texts:
        words = re.sub(r"<svg.*?</svg>|<[^>]*>", "", text, flags=re.DOTALL).replace("churnscope", "")
        assert re.findall(r"(?i)\b(churn\w*|risk\w*|safest|left|leav(?:e|es|ing)(?! out)|stayed(?! away))\b", words) == []
    assert "2,400, of which 900 came back" in texts[0]
    assert texts[0].endswith("Next: churnscope score CONFIG --reactivation\n")
    assert "Came back: a customer who was inactive" in texts[1]
    assert "Deciles, 1 the likeliest" in texts[1]
    assert "predicted - came back" in texts[1]
