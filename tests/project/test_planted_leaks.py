"""One leak of each kind is planted, found by name and refused; each says where it is written and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import pytest

from churnscope.errors import InputError
from churnscope.project import Project

from .conftest import Shop
from .test_audit import PEEKING, SCORES, outcome_scores, with_text

PEOPLE = """
[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
columns = { customer = "id" }
types = { fee = "number" }
attributes = ["fee"]
static = ["fee"]
"""
CHANCE = '''
import numpy as np

from churnscope.features import Feature, family


@family("purchases")
def luck(log):
    """What is drawn anew each time."""
    words = {"unit": "", "concept": "luck", "sentence": "luck {value:.2f}"}
    yield Feature(name="luck", **words, values=np.random.default_rng().uniform(size=log.kept.count().shape))
'''


def with_column(shop: Shop, name: str, values: Mapping[str, object], mapped: str) -> Project:
    """A column of today's customer table joined to every sale, mapped as a line of `[sources.sales.columns]` or `.signals`."""
    table, line = mapped.split(": ", 1)
    heads = {"columns": "[sources.sales.columns]\n", "signals": "[activity]"}
    texts = {"columns": f"{heads['columns']}{line}\n", "signals": f"[sources.sales.signals]\n{line}\n\n[activity]"}
    project = with_text(shop, change=lambda text: text.replace(heads[table], texts[table]))
    lines = [f"customer,time,amount,order,known,{name}", *(f"{sale.line()},{values[sale.customer]}" for sale in shop.sales)]
    (shop.folder / "sales.csv").write_text("\n".join(lines) + "\n")
    return project


def with_plugin(shop: Shop, text: str) -> Project:
    (shop.folder / "my_own.py").write_text(text)
    return with_text(shop, change=lambda config: config.replace("[features]", '[features]\nplugins = ["my_own"]'))


def newest_cutoff(shop: Shop) -> date:
    return date.fromisoformat(shop.project().check().to_json()["cutoffs"][-1])


def spent_so_far(shop: Shop) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    for sale in shop.sales:
        spent[sale.customer] += round(sale.amount, 2)
    return spent


def gone(shop: Shop) -> dict[str, bool]:
    cutoff, last = newest_cutoff(shop), {sale.customer: sale.time.date() for sale in shop.sales}
    return {customer: day < cutoff for customer, day in last.items()}


def a_score_of_the_outcome(shop: Shop) -> Project:
    outcome_scores(shop)
    return with_text(shop, SCORES.format(known=""))


def a_state_of_today(shop: Shop) -> Project:
    states = {customer: "gone" if left else "here" for customer, left in gone(shop).items()}
    return with_column(shop, "state", states, "signals: left = \"state = 'gone'\"")


def spending_up_to_today(shop: Shop) -> Project:
    with_column(shop, "k17", spent_so_far(shop), 'signals: worth = "k17 / 12"')
    path = shop.folder / "config.toml"
    path.write_text(path.read_text() + '\n[sources.sales.types]\nk17 = "number"\n')
    return Project(path)


def a_reason_of_those_who_left(shop: Shop) -> Project:
    reasons = {customer: ("price", "moved")[len(customer) % 2] if left else "" for customer, left in gone(shop).items()}
    return with_column(shop, "note", reasons, 'columns: category = "note"')


def a_family_that_peeks(shop: Shop) -> Project:
    return with_plugin(shop, PEEKING)


def a_family_that_draws(shop: Shop) -> Project:
    return with_plugin(shop, CHANCE)


def an_amount_written_over(shop: Shop) -> Project:
    shop.project().check()
    return shop.project([replace(sale, amount=sale.amount + 1) if i % 5 == 0 else sale for i, sale in enumerate(shop.sales)])


def with_people(shop: Shop, fee: Callable[[int], int]) -> Project:
    """A table of customers without a day, whose fee is said never to change."""
    people = sorted({sale.customer for sale in shop.sales})
    lines = ["id,fee", *(f"{person},{fee(number)}" for number, person in enumerate(people))]
    (shop.folder / "people.csv").write_text("\n".join(lines) + "\n")
    return with_text(shop, PEOPLE)


def a_static_value_that_changed(shop: Shop) -> Project:
    with_people(shop, lambda number: number % 7).audit()
    return with_people(shop, lambda number: number % 7 + (number % 5 == 0))


PLANTED: tuple[tuple[Callable[[Shop], Project], str, str, str, str], ...] = (
    (a_score_of_the_outcome, "tells the outcome", "scores.risk", 'signals.risk = "risk"', "columns.known"),
    (a_state_of_today, "tells the outcome", "sales.left", "signals.left", "left out"),
    (spending_up_to_today, "is as of today", "sales.worth", 'signals.worth = "k17 / 12"', "spend_ever tells the same"),
    (a_reason_of_those_who_left, "is filled by the outcome", "sales.category", 'columns.category = "note"', "leave it out"),
    (a_family_that_peeks, "reads later rows", "share_of_best", "my_own.py", "end at the cutoff"),
    (a_family_that_draws, "is not repeatable", "luck", "my_own.py", "drawn at random"),
    (a_static_value_that_changed, "past changed", "people.fee", 'attributes.fee = "fee"', "It is not `static`"),
    (an_amount_written_over, "past changed", "sales.amount", 'columns.amount = "amount"', "keeps every value"),
)


@pytest.mark.parametrize(("plant", "kind", "subject", "where", "advice"), PLANTED, ids=[row[0].__name__ for row in PLANTED])
@pytest.mark.slow
def test_a_planted_leak_is_named_with_its_place_and_refuses_training(
    bare: Shop, plant: Callable[[Shop], Project], kind: str, subject: str, where: str, advice: str
) -> None:
    project = plant(bare)
    findings = project.audit().findings
    found = {finding.kind: finding for finding in findings if finding.subject == subject}
    assert {finding.subject for finding in findings} == {subject}
    assert found[kind].severity == "leak"
    assert where in found[kind].where
    assert advice in found[kind].advice
    with pytest.raises(InputError, match=subject):
        project.train()


@pytest.mark.slow
def test_new_customers_of_a_table_without_days_are_no_change_as_their_past_sales_are(bare: Shop) -> None:
    some = tuple(sale for sale in bare.sales if sale.customer < "c0400")
    with_people(replace(bare, sales=some), lambda number: number % 7).audit()
    again = with_people(bare, lambda number: number % 7).audit()
    assert [finding.subject for finding in again.findings] == ["sales.rows"]
    assert set(again.compared_with) == {"sales", "people"}
