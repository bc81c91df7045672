"""Money on the page: the value of tenths, the profit of a list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.config.models import Profit
from churnscope.decisions import Offer, profit_figures
from churnscope.reports.canvas import drawn
from churnscope.reports.money_charts import draw_value, profit_chart, profit_sentence, value_sentence
from churnscope.reports.sections import profit
from churnscope.reports.tables import profit_table, sensitivity_table


@pytest.fixture(scope="module")
def figures():
    rng = np.random.default_rng(1)
    chance = rng.uniform(size=500)
    return profit_figures(rng.uniform(size=500) < chance, chance, Offer())


def test_the_sentence_says_what_the_chosen_list_brings(figures):
    assert profit_sentence(figures).startswith(
        f"Contacting the {figures.chosen.size} customers at 16% or more would have brought"
    )
    nobody = profit_figures([0, 0], [0.0, 0.01], Offer())
    assert profit_sentence(nobody) == "No customer's risk reaches the point from which a contact pays"


def test_a_loss_is_written_with_a_minus_sign():
    unlucky = profit_figures(np.zeros(10), np.full(10, 0.5), Offer())
    assert "would have brought \u2212110" in profit_sentence(unlucky)


def test_pictures_are_the_same_every_time(figures):
    assert profit_chart(figures) == profit_chart(figures)
    assert profit_chart(profit_figures([0, 1], [0.0, 0.01], Offer())).startswith(b"<?xml")
    assert drawn(lambda axes: draw_value(axes, [0.0] * 10)).startswith(b"<?xml")


def test_value_sentence():
    assert value_sentence([50, 30, 10, 10]).endswith("holds 50% of all value to come, the first three 90%")
    assert value_sentence([0.0] * 10) == "Nothing is expected of these customers"


def test_tables_hold_every_row(figures):
    assert len(sensitivity_table(figures).rows) == 9
    assert profit_table(figures).rows[0][1] == "16.4%"
    never = profit_figures([1, 0], [0.9, 0.1], Offer(value=11, offer_cost=10, contact_cost=5, acceptance=0.5))
    assert profit_table(never).rows[0][1] == "\u2013"


def test_the_section_needs_figures_of_the_same_offer(findings, figures):
    assert list(profit(findings)) == []
    config = findings.config.model_copy(update={"profit": Profit(value=200)})
    asked = replace(findings, config=config)
    (hint,) = profit(asked)
    assert hint.closing == ("churnscope train CONFIG",)
    (section,) = profit(replace(asked, judged=replace(asked.judged, profit=figures)))
    assert (len(section.pictures), len(section.tables)) == (1, 2)
    other = config.model_copy(update={"profit": Profit(value=300)})
    (hint,) = profit(replace(asked, config=other, judged=replace(asked.judged, profit=figures)))
    assert hint.pictures == ()
