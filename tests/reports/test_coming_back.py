"""A page on customers who come back says nothing of leaving: neither its text nor its pictures, at any grade."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from churnscope.config.models import Evaluation as Settings
from churnscope.decisions import Offer, profit_figures
from churnscope.evaluation.figures import Evaluation, evaluate
from churnscope.evaluation.grade import grade
from churnscope.predicted import REACTIVATION
from churnscope.reports.findings import Judged
from churnscope.reports.page import Picture
from churnscope.reports.report import report_page

from .conftest import CUTOFF, judged_rows, scored, small_config

OF_LEAVING = re.compile(
    r"(?i)\b(churn\w*|risk\w*|safe\w*|leav(?:e|es|ing|ers?)(?! out)|left(?! (?:out|aside))|lost|stay\w*(?! away)|kept|keeping"
    r"|active customers|active on \d+ \w+ 20)\b"
)


def of_return(evaluation):
    return replace(evaluation, predicted="reactivation")


def spoken(part):
    """Every text of a page, those in its pictures too."""
    if isinstance(part, str):
        yield part.replace("churnscope", "")
    elif isinstance(part, tuple):
        for each in part:
            yield from spoken(each)
    elif isinstance(part, Picture):
        axes = Figure().subplots()
        part.draw(axes)
        yield from (part.sentence, *(text.get_text() for text in axes.findobj(Text) if isinstance(text, Text)))
    elif is_dataclass(part):
        yield from spoken(tuple(getattr(part, each.name) for each in fields(part) if each.name != "anchor"))


@pytest.fixture(scope="module")
def returning(findings):
    """The findings as of a model that tells who comes back, at three cutoffs."""
    evaluation, earlier = of_return(findings.judged.evaluation), of_return(judged_rows(seed=5))
    return replace(
        findings,
        config=small_config(profit={"value": 100.0}).reactivating(),
        judged=Judged(CUTOFF, evaluation, grade(evaluation)),
        past={CUTOFF - 60: earlier, CUTOFF - 30: earlier, CUTOFF: evaluation},
        newcomers={CUTOFF - 30: earlier},
        customers=replace(scored(), inactive=0, words=REACTIVATION),
    )


def little(returning):
    """Too few came back to say anything."""
    evaluation = of_return(judged_rows(rows=60))
    return replace(returning, judged=Judged(CUTOFF, evaluation, grade(evaluation)), past={CUTOFF: evaluation})


def no_better(returning):
    """An order of chance, of few who came back."""
    rng = np.random.default_rng(2)
    rows = 400
    forecasts = {"model": rng.uniform(size=rows), "base rate": np.full(rows, 0.3)}
    found = evaluate(rng.random(rows) < 0.3, np.arange(rows), forecasts, Settings(bootstraps=50), rng, predicted="reactivation")
    return replace(returning, judged=Judged(CUTOFF, found, grade(found)))


def nobody(returning):
    """Nobody is inactive on the day."""
    empty = np.zeros(0)
    customers = replace(returning.customers, probability=empty, drivers=(), effects=(), listed=())
    return replace(returning, customers=customers, names_customers=False)


def in_money(returning):
    """Figures of keeping customers, which say nothing of winning them back."""
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=200)
    figures = profit_figures(rng.uniform(size=200) < chance, chance, Offer())
    return replace(returning, judged=replace(returning.judged, profit=figures))


@pytest.mark.parametrize("change", [lambda same: same, little, no_better, nobody, in_money])
def test_a_page_on_returns_says_nothing_of_leaving(returning, change):
    texts = list(spoken(report_page(change(returning))))
    assert [text for text in texts if OF_LEAVING.search(text)] == []
    assert "Came back" in texts


def test_the_search_finds_what_a_page_on_churn_says(findings):
    texts = list(spoken(report_page(findings)))
    found = {match[0].lower() for match in OF_LEAVING.finditer(" ".join(texts))}
    assert found >= {"churned", "churn", "risk", "riskiest", "safest", "left", "leave", "leaving", "stayed"}
    assert {"churned", "high risk", "predicted chance of churn"} <= set(texts)


def test_a_page_on_returns_in_its_own_words(returning):
    text = " ".join(spoken(report_page(returning)))
    for said in (
        "Reactivation report: corner shop",
        "Inactive Customers who were active once and are not now",
        "who were inactive on",
        "Of 100 customers at 20%, about 20 should come back.",
        "how often a customer who came back was ranked above one who stayed away",
        "the odds of coming back",
        "predicted - came back",
        "the more, the higher the chance of coming back",
    ):
        assert said in text
    assert "What is it worth in money?" not in text


def test_an_evaluation_remembers_what_it_judged(evaluation):
    written = of_return(evaluation).to_json()
    assert written["predicted"] == "reactivation"
    assert Evaluation.from_json(written).words is REACTIVATION
    assert "predicted" not in evaluation.to_json()
