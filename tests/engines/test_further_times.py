"""Rows with a second time, and texts with a meaning: how they arrive, and what is refused."""

from __future__ import annotations

from datetime import datetime

import pytest

from churnscope.config.models import Config
from churnscope.events.block import NO_DAY
from churnscope.timeline import day_number

TICKETS = "customer,time,resolved,severity,topic,satisfaction\n"
SUPPORT = ("customer", "time", "resolved", "severity", "topic", "satisfaction")
CONTACTS = ("customer", "time", "channel", "direction", "response")


def day(text: str) -> int:
    return day_number(datetime.fromisoformat(text).date())


@pytest.fixture
def tickets(shop, config, source):
    """Loads a support source from the text of one CSV file, in Berlin."""

    def load(text: str, *, as_of: str = "2024-06-01", columns: tuple[str, ...] = SUPPORT, more: dict | None = None):
        settings: dict[str, Config] = {
            "help": source(shop.write(TICKETS + text), role="support", columns={name: name for name in columns}),
            **(more or {}),
        }
        return shop.open(config(settings, time_zone="Europe/Berlin"), as_of=day(as_of))

    return load


def test_a_second_time_arrives_as_instant_and_local_day(shop, tickets):
    loaded = tickets(
        "a,2024-03-30 12:00,2024-03-31 23:30,1,x,5\nb,2024-03-30 12:00,2024-03-31T22:30Z,1,x,5\nc,2024-03-30,,1,x,\n"
    )
    late, zoned, still_open = shop.rows(loaded, "support")
    assert late.resolved_day == day("2024-03-31")
    assert late.resolved == datetime.fromisoformat("2024-03-31T21:30Z").timestamp() * 1_000_000  # summer time began that day
    assert zoned.resolved_day == day("2024-04-01")
    assert (still_open.resolved, still_open.resolved_day) == (0, NO_DAY)
    assert {"resolved", "resolved_day"} <= loaded.columns["support"]


def test_a_ticket_resolved_on_an_earlier_day_than_opened_is_quarantined(shop, tickets):
    """On the same day it may be earlier: one of the two may be a mere date."""
    loaded = tickets("a,2024-01-02 10:00,2024-01-01 23:59,1,x,5\na,2024-01-02 10:00,2024-01-02,1,x,5\n")
    assert loaded.reports[0].quarantined == {"before_its_begin:resolved": 1}
    assert loaded.reports[0].used == 1
    assert (shop.quarantine / "help.csv").read_text().splitlines()[1].split(",")[1:3] == ["2", '"before_its_begin:resolved"']


@pytest.mark.parametrize(("value", "rule"), [("soon", "not_a_date:resolved"), ("1900-01-01", "placeholder_date")])
def test_a_second_time_that_is_none_is_quarantined(tickets, value, rule):
    assert tickets(f"a,2024-01-02,{value},1,x,5\na,2024-01-02,,1,x,5\n").reports[0].quarantined == {rule: 1}


def test_on_an_earlier_day_a_ticket_was_still_open_and_not_rated(shop, tickets):
    text = "a,2024-01-02,2024-01-05,1,x,5\n"
    before, after = (shop.rows(tickets(text, as_of=when), "support")[0] for when in ("2024-01-05", "2024-01-06"))
    assert before.resolved_day == NO_DAY
    assert before.satisfaction != before.satisfaction
    assert (after.resolved_day, after.satisfaction) == (day("2024-01-05"), 5)


def test_the_agreed_end_of_a_term_is_known_on_any_day_and_its_early_end_later(shop, config, source):
    names = ("customer", "time", "end", "ended", "reason")
    terms = source(
        shop.write("customer,time,end,ended,reason\na,2024-01-02,2025-01-02,2024-03-05,moved\n"),
        role="subscriptions",
        columns={name: name for name in names},
    )
    rule = {"rules": [{"source": "contracts", "in_force": True}]}
    before, after = (
        shop.rows(shop.open(config({"contracts": terms}, activity=rule), as_of=day(when)), "subscriptions")[0]
        for when in ("2024-03-05", "2024-03-06")
    )
    assert before.end_day == after.end_day == day("2025-01-02")
    assert (before.ended_day, before.reason) == (NO_DAY, 0)
    assert after.ended_day == day("2024-03-05")
    assert after.reason not in {0, 1}


def test_a_source_without_the_second_time_has_open_tickets_beside_one_that_has_it(shop, tickets, source):
    other = source(
        shop.write("customer,time\nb,2024-01-03\n", "other.csv"),
        role="support",
        columns={"customer": "customer", "time": "time"},
    )
    loaded = tickets("a,2024-01-02,2024-01-05,1,x,5\n", more={"old": other})
    assert [row.resolved_day for row in shop.rows(loaded, "support")] == [day("2024-01-05"), NO_DAY]


def test_what_is_filled_in_later_is_no_change_of_the_past(tickets):
    names = tickets("a,2024-01-02,2024-01-05,1,x,5\n").fingerprint("help", 10**5).column_names
    assert {"sum severity", "sum topic"} <= set(names)
    assert not {"sum satisfaction", "sum resolved"} & set(names)


def test_words_of_a_role_are_known_however_they_are_spelled(shop, config, source):
    text = "customer,time,channel,direction,response\na,2024-01-01,Email,In-bound,true\na,2024-01-02,E-MAIL,outbound,false\n"
    text += "a,2024-01-03,fax,OUTBOUND,\na,2024-01-04,,,\na,2024-01-05,visit,sideways,\n"
    touches = source(shop.write(text), role="contacts", columns={name: name for name in CONTACTS})
    loaded = shop.open(config({"crm": touches}))
    rows = shop.rows(loaded, "contacts")
    assert loaded.reports[0].quarantined == {"unknown_word:direction": 1}
    assert [row.direction for row in rows] == [1, 2, 2, 0]
    assert [row.channel for row in rows[:2]] == [1, 1]
    assert rows[2].channel not in {0, 1, 2, 3, 4}
    assert rows[3].channel == 0


def test_a_treatment_without_an_arm_is_quarantined(shop, config, source):
    offers = source(shop.write("customer,time,arm\na,2024-01-01,Control\na,2024-01-02,\nb,2024-01-02,mail\n", "offers.csv"))
    offers |= {"role": "campaigns", "columns": {"customer": "customer", "time": "time", "arm": "arm"}}
    sales = source(shop.write("customer,time,amount\na,2024-01-03,5\n"))
    loaded = shop.open(config({"sales": sales, "offers": offers}))
    assert loaded.reports[1].quarantined == {"missing:arm": 1}
    assert [row.arm == 1 for row in shop.rows(loaded, "campaigns")] == [True, False]
