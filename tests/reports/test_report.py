"""The whole page: self-contained, safe with any text, true in its first words."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.figures import evaluate
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.reports.findings import Judged
from churnscope.reports.report import figures, report_page, verdict
from churnscope.reports.sections import (
    leak_audit,
    newcomers,
    over_time,
    parts,
    prediction,
    riskiest,
    scores,
    segments,
    what_drives,
)

from .conftest import CUTOFF, HOSTILE, judged_rows

VOID = {"meta"}  # elements without an end
UNDEFINED = re.compile(r"\bnan\b|\binf\b|None\b(?!:)|\d\.\d{7}")
RNG = np.random.default_rng(0)


class Outline(HTMLParser):
    """Elements, attributes and text of a page; closes what was opened."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.text, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


@pytest.fixture(scope="session")
def page(findings):
    earlier = {CUTOFF - 30: judged_rows(seed=5)}
    return report_page(replace(findings, past=earlier | findings.past, newcomers=earlier)).to_html().decode()


@pytest.fixture(scope="session")
def outline(page):
    return outlined(page)


def outlined(page):
    outline = Outline()
    outline.feed(page)
    outline.close()
    assert outline.open == []
    return outline


def sections(findings):
    return [section for part in parts(findings) for section in part.sections]


def text_of(page):
    return " ".join(outlined(page).text)


def test_nothing_on_the_page_runs_or_asks_a_network(page, outline):
    assert not {"script", "link", "iframe", "img", "object", "embed", "form", "base", "foreignobject"} & set(outline.elements)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name in {"style", "src", "srcset", "action"}]
    targets = [value for name, value in outline.attributes if name in {"href", "xlink:href"}]
    assert all(target.startswith("#") for target in targets)
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_forbids_itself_all_but_its_own_style(page):
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    own = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{own}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_stays_text(page, outline):
    assert HOSTILE in outline.text
    assert page.count("<script") == page.count("<img") == 0


def test_ids_are_unique_and_every_reference_has_its_target(outline):
    ids = [value for name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {value[1:] for name, value in outline.attributes if name == "href"}
    assert targets <= set(ids)


def test_no_figure_is_undefined_or_raw(outline):
    assert UNDEFINED.search(" ".join(outline.text)) is None


def test_every_section_is_there_in_order(outline, findings):
    text = " ".join(outline.text)
    titles = [title for part in parts(findings) for title in (part.title, *(section.title for section in part.sections))]
    places = [text.rindex(title) for title in titles]
    assert places == sorted(places)
    assert text.index("Use it.") < text.index("Churned in the riskiest tenth") < text.index(titles[0])
    assert "Customers the model never met" in text


def test_every_figure_can_be_looked_up(findings):
    silent = [section.anchor for section in sections(findings) if not section.origin]
    assert silent == ["over-time"]  # of which there is nothing to say yet


def test_every_picture_has_its_sentence(page):
    figures = re.findall(r"<figure>.*?</figure>", page, re.DOTALL)
    assert len(figures) == 11  # two of them per metric over time
    for figure in figures:
        sentence = unescape(re.search(r"<figcaption>(.*?)</figcaption>", figure, re.DOTALL)[1])
        assert unescape(re.search(r'aria-label="([^"]*)"', figure)[1]) == sentence


@pytest.mark.slow
def test_the_same_findings_give_the_same_bytes(findings):
    few = replace(report_page(findings), parts=parts(findings)[:2])
    assert few.to_html() == few.to_html()


def test_a_page_without_names_names_nobody(findings):
    anonymous = replace(findings, names_customers=False, customers=replace(findings.customers, listed=()))
    page = report_page(anonymous)
    assert page.warning == ""
    assert not list(riskiest(anonymous))
    assert "0600" in report_page(findings).warning


def test_a_single_cutoff_has_no_history_but_a_command_that_makes_one(findings):
    (section,) = over_time(findings)
    assert section.pictures == section.tables == ()
    assert section.closing == ("churnscope evaluate CONFIG --model champion",)
    assert list(newcomers(findings)) == []


def test_customers_never_met_stand_beside_all(findings):
    new = judged_rows(rows=80, seed=6)
    ((*cells,),) = next(newcomers(replace(findings, newcomers={CUTOFF: new}))).tables[0].rows
    assert cells[0] == "26 January 2011"
    assert (cells[1].text, cells[1].small) == ("80", "of 900")
    assert cells[4] == f"{findings.judged.evaluation.model.metrics['auroc'].value:.3f}"


def test_segments_say_where_the_model_is_off(findings):
    (section,) = segments(replace(findings, judged=replace(findings.judged, evaluation=judged_rows(seed=8))))
    assert [row[0] for row in section.tables[0].rows] == ["tenure: below a year", "tenure: a year and more"]
    assert section.closing == ("In none of them is it off by more than chance.",)
    worse = judged_rows(shift=1.5)
    (off,) = segments(replace(findings, judged=replace(findings.judged, evaluation=worse)))
    assert off.closing == ("Off by more than chance: tenure: below a year; tenure: a year and more.",)
    assert {row[5].tone for row in off.tables[0].rows} == {"bad"}


def test_the_leak_audit_of_the_training_is_told(findings):
    assert list(leak_audit(replace(findings, audit=None))) == []
    (clean,) = leak_audit(findings)
    assert clean.closing == ("Nothing was found.",)
    known = Finding(
        "tells the outcome", "suspicious", "crm.risk", "crm.csv", "AUROC 0.95.", "Map another column.", "agents enter it"
    )
    (section,) = leak_audit(replace(findings, audit=(known, replace(known, accepted=""))))
    assert [row[3:] for row in section.tables[0].rows] == [("agents enter it", "yes"), ("Map another column.", "no")]


@pytest.mark.parametrize(("looks", "said"), [(0, ""), (1, "One run has looked"), (7, "7 different runs have looked")])
def test_the_looks_at_the_cutoff_are_told(findings, looks, said):
    facts = dict(next(prediction(replace(findings, looks=looks))).facts)
    assert said in facts["Judged on"]
    assert ("looked" in facts["Judged on"]) == bool(looks)


def test_what_is_the_same_for_all_drives_nobody_past_another(findings):
    section = next(what_drives(findings))
    assert [row[0] for row in section.tables[0].rows] == ["recency", "spend"]
    assert section.closing == ("Season is the same for everyone on this day: it multiplies the odds of leaving by about 1.11.",)


@pytest.mark.parametrize(
    ("grade", "headline", "tone"),
    [
        ("use it", "Use it.", "good"),
        ("use the order only", "Use the order only.", ""),
        ("no better", "No better.", "bad"),
        ("too little data", "Too little data.", ""),
    ],
)
def test_the_verdict_comes_in_plain_words(findings, grade, headline, tone):
    judged = replace(findings.judged, grade=Grade(grade, grade, "It says 95 % why."))
    said = verdict(replace(findings, judged=judged))
    assert (said.headline, said.tone) == (headline, tone)
    assert said.reasons[-1] == "It says 95% why."


def test_good_figures_with_probabilities_that_are_off_come_with_a_warning(findings):
    use_it = Grade("use it", "use it", "Better.")
    sound, off = (Judged(CUTOFF, judged_rows(shift=shift), use_it) for shift in (0, 1))
    assert "Mind" not in verdict(replace(findings, judged=sound)).meaning
    assert "Mind" in verdict(replace(findings, judged=off)).meaning


def test_a_rule_that_stands_in_is_said_to_be_one(findings):
    said = verdict(replace(findings, stands_in="recency rule"))
    assert said.headline == "The recency rule stands in."
    assert "No model has beaten the simple rules yet" in said.meaning


def test_a_day_without_active_customers_is_a_page_too(findings):
    gone = replace(findings.customers, probability=np.empty(0), drivers=(), effects=(), listed=())
    empty = replace(findings, customers=gone)
    assert "nobody to score" in next(scores(empty)).lead
    assert figures(empty)[0][1] == "0"
    assert {"drivers", "effects", "riskiest"} & {section.anchor for section in sections(empty)} == set()


def test_nobody_who_churned_is_a_page_too(findings):
    none = evaluate(
        np.zeros(12), np.arange(12), {"model": np.full(12, 0.2), "base rate": np.full(12, 0.1)}, Settings(bootstraps=5), RNG
    )
    judged = replace(findings.judged, evaluation=none)
    past = {CUTOFF: none, CUTOFF + 30: none}
    page = report_page(replace(findings, judged=judged, past=past, newcomers=past))
    assert UNDEFINED.search(text_of(page.to_html().decode())) is None


@pytest.mark.slow
def test_an_evaluation_without_rules_is_a_page_too(findings):
    alone = judged_rows()
    alone = replace(alone, predictors={"model": alone.model}, differences={})
    judged = replace(findings, judged=replace(findings.judged, evaluation=alone))
    assert [len(section.tables) for section in sections(judged) if section.anchor == "comparison"] == [1]
    assert figures(judged)[3][2] == ""
    assert report_page(judged).to_html()
