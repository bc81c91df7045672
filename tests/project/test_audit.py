"""Planted leaks are found, named and refuse training; clean businesses raise no alarm."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from churnscope.cli.app import main
from churnscope.errors import StorageError
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.operations.run import RunFacts
from churnscope.project import Project
from churnscope.project.log import logged_run
from churnscope.project.models.judging import Judgement
from churnscope.project.models.saved import load_model

from .conftest import Sale, Shop

TOP = Path(__file__).parents[2]
CONFIGS = TOP / "configs"
DATA = Path(os.environ.get("CHURNSCOPE_DATA", TOP.parent / "shared" / "data"))
PEEKING = '''
import numpy as np

from churnscope.features import Feature, family


@family("purchases", needs=("amount",))
def personal_best(log):
    """The share of the largest amount ever paid."""

    def share(rows):
        largest = np.ones(rows.n_customers)
        np.maximum.at(largest, rows.customer, rows.signals["amount"])
        return rows.signals["amount"] / largest[rows.customer]

    words = {"unit": "share", "concept": "amount", "sentence": "last paid {value:.0%} of the most"}
    yield Feature(name="share_of_best", **words, values=log.kept.last(log.kept.derive("share", share)))
'''
SCORES = """
[sources.scores]
role = "extra_features"
format = "csv"
files = "scores.csv"
types = {{ risk = "number" }}
signals = {{ risk = "risk" }}
columns = {{ customer = "id", time = "as_of"{known} }}
"""


def with_text(shop: Shop, add: str = "", change: Callable[[str], str] = str) -> Project:
    """The project after its config was changed."""
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(change(path.read_text()) + add)
    return Project(path)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """Exit code and output of a command."""
    with pytest.raises(SystemExit, match=r"\d+") as ended:
        main([*map(str, words), "--quiet"])
    said = capsys.readouterr()
    return int(str(ended.value)), said.out + said.err


def outcome_scores(shop: Shop, *, known_after_days: int = 0) -> None:
    """A file of another system: at every cutoff of the plan, who will buy nothing in the 30 days after it."""
    project = shop.project()
    cutoffs = [date.fromisoformat(day) for day in project.check().to_json()["cutoffs"]]
    bought = {(sale.customer, sale.time.date()) for sale in shop.sales}
    lines = ["id,as_of,risk,known"]
    for cutoff in cutoffs:
        for customer in sorted({sale.customer for sale in shop.sales}):
            stays = any((customer, cutoff + timedelta(days=day)) in bought for day in range(30))
            dated = cutoff - timedelta(days=1)
            lines.append(f"{customer},{dated},{0.1 if stays else 0.9},{dated + timedelta(days=known_after_days)}")
    (shop.folder / "scores.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.slow
def test_a_clean_shop_with_late_rows_raises_nothing_and_is_trained(bare: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    first = bare.project().audit()
    assert (first.findings, first.compared_with) == ((), {})
    assert first.customers > 100
    code, said = run(capsys, "audit", bare.folder / "config.toml")
    assert code == 0
    assert "Nothing was found." in said
    assert "Past rows were compared with those of the run as of 2023-02-27." in said


@pytest.mark.slow
def test_a_score_dated_before_it_was_known_refuses_training(bare: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    outcome_scores(bare)
    with_text(bare, SCORES.format(known=""))
    code, said = run(capsys, "audit", bare.folder / "config.toml", "--json")
    (found,) = json.loads(said)["findings"]
    assert (code, found["kind"], found["severity"]) == (3, "tells the outcome", "leak")
    assert (found["subject"], found["where"]) == ("scores.risk", '[sources.scores] signals.risk = "risk"')
    assert re.match(r"latest_risk alone reaches AUROC 1\.000, the best simple rule 0\.\d+", found["what"])
    code, said = run(capsys, "train", bare.folder / "config.toml")
    assert code == 3
    assert "The leak audit refuses to train.\nscores.risk: latest_risk alone reaches" in said
    assert '[audit] accept = { "scores.risk" = "the reason" }' in said
    assert not (bare.folder.parent / "models").exists()


@pytest.mark.slow
def test_with_the_time_at_which_it_was_known_the_score_is_no_leak(bare: Shop) -> None:
    outcome_scores(bare, known_after_days=40)
    project = with_text(bare, SCORES.format(known=', known = "known"'))
    assert project.audit().is_clean


@pytest.mark.slow
def test_an_accepted_leak_is_trained_with_its_reason_kept(bare: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    outcome_scores(bare)
    reason = "the owner tells us who leaves"
    project = with_text(bare, SCORES.format(known="") + f'\n[audit.accept]\n"scores.risk" = "{reason}"\n')
    result = project.train(promote=False)
    assert [found.accepted for found in result.findings] == [reason]
    figures = json.loads((result.folder / "figures.json").read_text())
    assert [found["accepted"] for found in figures["leak_audit"]] == [reason]
    code, said = run(capsys, "audit", bare.folder / "config.toml")
    assert code == 0
    assert f"accepted  {reason}" in said


def test_a_signal_that_is_the_outcome_is_traced_to_its_expression(bare: Shop) -> None:
    """A column of today's customer table that was joined to every sale: whether the customer is gone by now."""
    last = {sale.customer: sale.time for sale in bare.sales}
    cutoff = date.fromisoformat(bare.project().check().to_json()["cutoffs"][-1])
    signal = "[sources.sales.signals]\ngone = \"state = 'gone'\"\n\n[activity]"
    project = with_text(bare, change=lambda text: text.replace("[activity]", signal))
    lines = ["customer,time,amount,order,known,state"]
    lines += [f"{sale.line()},{'gone' if last[sale.customer].date() < cutoff else 'here'}" for sale in bare.sales]
    (bare.folder / "sales.csv").write_text("\n".join(lines) + "\n")
    today, found = sorted(project.audit().findings, key=lambda finding: finding.kind)
    assert (today.kind, today.subject, today.where) == ("is as of today", found.subject, found.where)
    assert "as days_since_last_purchase does on 2023-02-27" in today.what
    assert (found.kind, found.severity, found.subject) == ("tells the outcome", "leak", "sales.gone")
    assert found.where == "[sources.sales] signals.gone = \"state = 'gone'\""
    assert "more of its features are too good as well" in found.what


@pytest.mark.slow
def test_a_family_that_peeks_is_named_with_its_file(bare: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (bare.folder / "my_peeking.py").write_text(PEEKING)
    project = with_text(bare, change=lambda text: text.replace("[features]", '[features]\nplugins = ["my_peeking"]'))
    (found,) = project.audit().findings
    assert (found.kind, found.severity, found.subject) == ("reads later rows", "leak", "share_of_best")
    assert found.where == 'feature family "personal_best" of my_peeking.py'
    code, said = run(capsys, "train", bare.folder / "config.toml")
    assert code == 3
    assert "share_of_best: It changed when rows from the cutoff on were left out or altered" in said


def with_amounts(shop: Shop, change: Callable[[int, Sale], Sale]) -> Project:
    return shop.project([change(i, sale) for i, sale in enumerate(shop.sales)])


@pytest.mark.slow
def test_a_column_that_is_written_over_between_two_runs_refuses_training(
    bare: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.project().check()
    project = with_amounts(bare, lambda i, sale: replace(sale, amount=sale.amount + 1) if i % 5 == 0 else sale)
    (advice,) = [line for line in project.check().advice if "another value" in line]
    assert advice.startswith("sales.amount: amount has another value than before in at least ")
    (found,) = project.audit().findings
    assert (found.kind, found.severity, found.subject) == ("past changed", "leak", "sales.amount")
    assert found.where == '[sources.sales] columns.amount = "amount"'
    least, rows = (int(number.replace(",", "")) for number in re.findall(r"at least ([\d,]+) of ([\d,]+) rows", found.what)[0])
    changed = sum(1 for i, sale in enumerate(bare.sales) if i % 5 == 0 and sale.known.date() < date(2023, 2, 27))
    assert 0.7 * changed < least <= changed
    assert rows == sum(
        1 for sale in bare.sales if f"{sale.time:%Y-%m-%d}" < "2023-02-27" and sale.known.date() < date(2023, 2, 27)
    )
    assert run(capsys, "train", bare.folder / "config.toml")[0] == 3
    code, said = run(capsys, "audit", bare.folder / "config.toml", "--renew")  # looking before did not make it forget
    assert (code, "Later runs are compared with the past as it is now." in said) == (3, True)
    assert run(capsys, "audit", bare.folder / "config.toml")[0] == 0


def test_a_correction_of_one_row_is_shown_and_does_not_stop_training(bare: Shop) -> None:
    bare.project().check()
    project = with_amounts(bare, lambda i, sale: replace(sale, amount=sale.amount + 1) if i == 50 else sale)
    (found,) = project.audit().findings
    assert (found.severity, found.subject) == ("suspicious", "sales.amount")
    assert "at least 1 of" in found.what


@pytest.mark.slow
def test_new_days_and_rows_that_became_known_later_are_no_change(bare: Shop) -> None:
    assert bare.project().audit("2023-02-01").is_clean
    later = bare.project().audit("2023-02-27")
    assert later.is_clean
    assert [str(day) for day in later.to_json()["compared_with"].values()] == ["2023-02-01"]
    assert bare.project().audit("2023-01-01").compared_with == {}  # what is kept is of a later day


def test_rows_that_arrive_late_without_saying_so_are_suspicious(bare: Shop) -> None:
    silent = lambda text: text.replace('known = "known"\n', "")  # noqa: E731
    arrived = [sale for sale in bare.sales if sale.known.date() < date(2023, 2, 1)]
    bare.project(arrived)
    with_text(replace(bare, sales=tuple(arrived)), change=silent).audit("2023-02-01")
    (found,) = with_text(bare, change=silent).audit("2023-02-27").findings
    assert (found.severity, found.subject) == ("suspicious", "sales.rows")
    assert "delay_days = 2" in found.advice


def test_a_newest_day_that_was_not_over_is_no_change(bare: Shop) -> None:
    ends = max(sale.time for sale in bare.sales)
    noon = [sale for sale in bare.sales if sale.time < ends]
    undeclared = lambda text: text.replace("complete_through = 2023-02-26\n", "").replace('known = "known"\n', "")  # noqa: E731
    before = with_text(replace(bare, sales=tuple(noon)), change=undeclared).audit()
    assert before.as_of == (ends.date() - date(1970, 1, 1)).days + 1
    now = with_text(bare, change=undeclared).audit()
    assert (now.findings, now.compared_with) == ((), {"sales": before.as_of})


def test_another_mapping_begins_anew(bare: Shop) -> None:
    bare.project().audit()
    project = with_text(
        bare,
        change=lambda text: text.replace('amount = "amount"', 'amount = "amount * 2"').replace(
            'known = "known"\n', 'known = "known"\n\n[sources.sales.types]\namount = "number"\n'
        ),
    )
    result = project.audit()
    assert (result.findings, result.compared_with) == ((), {})


def test_what_is_kept_holds_counts_and_sums_and_a_damaged_file_is_named(bare: Shop) -> None:
    bare.project().check()
    path = bare.folder.parent / "outputs" / "corner_shop" / "past" / "sales.parquet"
    kept = pq.read_table(path)
    assert kept.column_names == ["day", "slot", "rows", "key", "sum amount", "sum order", "sum known", "is_new"]
    assert len(kept) <= 8 * len(set(kept["day"].to_pylist()))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StorageError, match=r"sales\.parquet is damaged"):
        bare.project().check()


def test_the_outcome_of_an_audit_is_logged_without_a_value_of_anyone(trained: Shop) -> None:
    config = Project(trained.folder / "config.toml").config
    (figures,) = [json.loads(path.read_text()) for path in trained.folder.parent.glob("models/corner_shop/*/figures.json")]
    assert figures["leak_audit"] == []
    bundle = load_model(config, "champion")
    verdict = Judgement(19_400, Evaluation.from_json(figures["evaluation"]), Grade(**figures["grade"]))
    facts = RunFacts("train", "2023-02-27", "1", "hash")
    leak = Finding("past changed", "suspicious", "sales.rows", "[sales]", "At least 3 rows were added.", "Map columns.known.")
    run = logged_run(config, facts, verdict, 0, bundle=bundle, findings=[leak])
    assert run.tags["leak_audit"] == "1 suspicious"
    assert json.loads(run.artifacts["leak_audit.json"]) == [leak.to_json()]
    assert "leak_audit" not in logged_run(config, facts, verdict, 0, bundle=bundle).tags


@pytest.mark.slow
@pytest.mark.parametrize("business", ["shop", "subscription"])
def test_simulated_businesses_raise_nothing(business: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "simulate", business, tmp_path / "files")[0] == 0
    for _ in range(2):
        assert Project(tmp_path / "files" / "config.toml").audit().findings == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "folder"),
    [("online_retail", ""), ("telco_flat", "telco_churn")]
    + [(name, name) for name in ("cdnow", "college_messages", "megaline", "telco_churn", "ravenstack")],
)
def test_real_data_raise_nothing(name: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURNSCOPE__FOLDERS__OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("CHURNSCOPE_DATA", str(DATA))
    if folder and not (DATA / folder).exists():
        pytest.skip(f"needs {folder}/: set CHURNSCOPE_DATA to the folder that holds it")
    assert Project(CONFIGS / f"{name}.toml").audit().findings == ()
