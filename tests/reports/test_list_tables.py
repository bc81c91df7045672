"""The newest call list on the page of a report."""

from __future__ import annotations

from dataclasses import replace

from churnscope.decisions.list_figures import ActionUse, AgentUse, ListFigures
from churnscope.reports.list_tables import call_list
from churnscope.reports.report import report_page

FIGURES = ListFigures(
    campaign="spring <b>",
    control_share=0.1,
    universal_share=0.0,
    scored=3_539,
    left_out={"without a probability": 61},
    waiting=2_159,
    last_day="2011-12-02",
    again=12,
    dropped={},
    lines=44,
    control=3,
    cost=498.0,
    budget=500.0,
    gain=32_923.4,
    bound=32_949.1,
    value_at_risk=244_224.0,
    churn=0.4,
    smallest_effect=0.085,
    actions={"free_carriage": ActionUse(44, 3, 200.0, 498.0, 32_923.4)},
    agents={"Grace": AgentUse(24, 120.0, 120.0), "Tom": AgentUse(20, 79.0, 80.0)},
    notes=("This list cannot show an effect below 8.5 points.",),
)


def test_without_a_list_there_is_no_section(findings):
    assert list(call_list(findings)) == []


def test_the_health_of_the_list(findings):
    (section,) = call_list(replace(findings, call_list=(15_317, FIGURES)))
    assert section.lead.endswith(
        "44 lines and is expected to bring 32,923, 0.08% below what no list within its limits can exceed."
    )
    whole, actions, agents, others = section.tables
    assert ("Cost, if all offers are taken", "498 of 500") in whole.rows
    assert ("Smallest effect it can show", "8.5 points") in whole.rows
    assert ("On the list of 2011-12-02, too", "12") in whole.rows
    assert actions.rows == (("free carriage", "44", "3", "200", "498", "32,923"),)
    assert agents.rows[1] == ("Tom", "20", "79", "80")
    assert others.rows == (("without a probability", "61"), ("no room on the list", "2,159"))
    assert section.facts == (("To know", "This list cannot show an effect below 8.5 points."),)


def test_it_stands_on_the_page_as_text(findings):
    page = report_page(replace(findings, call_list=(15_317, FIGURES))).to_html().decode()
    assert "Whom to call first" in page
    assert "spring &lt;b&gt;" in page
    assert "spring <b>" not in page
