"""Which role a file has and which column plays which part."""

from datetime import date

import pytest

from churnscope.discovery.kinds import kinds_of
from churnscope.discovery.parts import cast
from churnscope.discovery.presets import PRESETS
from churnscope.discovery.tables import look_at
from churnscope.discovery.vocabulary import PARTS, ROLE_WORDS
from churnscope.discovery.words import parts_of, score
from churnscope.roles import ROLES

TODAY = date(2025, 1, 1)
VALUES = {
    "id": lambda i: f"k{i % 23}",
    "row": str,
    "day": lambda i: f"2024-{i % 12 + 1:02}-{i % 27 + 1:02}",
    "later": lambda i: f"2024-12-{i % 27 + 1:02}",
    "money": lambda i: f"{i % 40}.5",
    "few": lambda i: str(i % 5 + 1),
    "word": lambda i: ("red", "blue", "green")[i % 3],
    "flag": lambda i: ("true", "false")[i % 2],
}


def role_of(folder, name, columns, leaning=None):
    """The cast of a file of 200 rows whose columns hold values of the given kinds."""
    lines = [",".join(columns), *(",".join(VALUES[kind](i) for kind in columns.values()) for i in range(200))]
    (folder / name).write_text("\n".join(lines))
    (kind,) = kinds_of([look_at(folder / name)], TODAY)
    found = cast(kind, leaning or {}, TODAY)
    return found.role, {part: profile.name for part, profile in found.parts.items()}, found


@pytest.mark.parametrize(
    ("name", "columns", "role", "parts"),
    [
        ("x.csv", {"id": "id", "date": "day"}, "purchases", {"customer": "id", "time": "date"}),
        (
            "x.csv",
            {"rowid": "row", "custno": "id", "shipdate": "later", "orderdate": "day", "unitprice": "money", "qty": "few"},
            "purchases",
            {"customer": "custno", "time": "orderdate", "price": "unitprice", "quantity": "qty"},
        ),
        (
            "x.csv",
            {"Kundennr": "id", "Datum": "day", "Umsatz": "money", "Artikelnr": "word"},
            "purchases",
            {"customer": "Kundennr", "time": "Datum", "amount": "Umsatz", "product": "Artikelnr"},
        ),
        (
            "clicks.csv",
            {"visitor_id": "id", "ts": "day", "event_type": "word", "device": "word"},
            "engagement",
            {"customer": "visitor_id", "time": "ts", "kind": "event_type", "channel": "device"},
        ),
        (
            "engagement.csv",
            {"customer": "id", "time": "day", "kind": "word", "value": "few", "duration": "money"},
            "engagement",
            {"customer": "customer", "time": "time", "kind": "kind", "value": "value", "duration": "duration"},
        ),
        (
            "contacts.csv",
            {"customer": "id", "time": "day", "channel": "word", "direction": "word", "response": "flag"},
            "contacts",
            {"customer": "customer", "time": "time", "channel": "channel", "response": "response"},
        ),
        (
            "users.csv",
            {"user_id": "row", "city": "word", "reg_date": "day", "churn_date": "later"},
            "subscriptions",
            {"customer": "user_id", "time": "reg_date", "ended": "churn_date"},
        ),
        ("calls.csv", {"src": "id", "dst": "id", "time": "day"}, "engagement", {"customer": "src", "time": "time"}),
        (
            "users.csv",
            {"user_id": "row", "first_name": "word", "birth_date": "day", "signup_date": "day"},
            "customers",
            {"customer": "user_id", "time": "signup_date"},
        ),
        (
            "subs.csv",
            {"account_id": "id", "plan": "word", "start_date": "day", "end_date": "later", "auto_renew": "flag"},
            "subscriptions",
            {"customer": "account_id", "time": "start_date", "end": "end_date", "plan": "plan", "auto_renew": "auto_renew"},
        ),
        (
            "tickets.csv",
            {"ticket_id": "row", "account_id": "id", "opened_at": "day", "closed_at": "later", "priority": "word"},
            "support",
            {"customer": "account_id", "time": "opened_at", "resolved": "closed_at"},
        ),
    ],
)
def test_roles_and_parts(name, columns, role, parts, tmp_path):
    found_role, found, _ = role_of(tmp_path, name, columns)
    assert found_role == role
    assert parts.items() <= found.items()


def test_the_kind_of_business_decides_where_nothing_else_does(tmp_path):
    columns = {"id": "id", "date": "day"}
    assert role_of(tmp_path, "x.csv", columns, PRESETS["app"].leaning)[0] == "engagement"
    assert role_of(tmp_path, "x.csv", columns, PRESETS["shop"].leaning)[0] == "purchases"


def test_a_column_chosen_by_its_values_alone_is_unsure(tmp_path):
    _, parts, found = role_of(tmp_path, "x.csv", {"thing": "id", "foo": "word", "day": "day", "amount": "money"})
    assert parts["customer"] == "thing"
    assert "customer" in found.unsure


def test_two_columns_that_could_be_the_time_are_rivals(tmp_path):
    _, _, found = role_of(
        tmp_path, "x.csv", {"customer": "id", "order_date": "day", "invoice_date": "later", "amount": "money"}
    )
    assert found.rivals["time"] == ("invoice_date",)


def test_the_day_on_which_a_row_became_known(tmp_path):
    _, parts, _ = role_of(tmp_path, "x.csv", {"customer_id": "id", "sold_at": "day", "loaded_at": "later", "amount": "money"})
    assert parts["known"] == "loaded_at"


@pytest.mark.parametrize("role", [name for name in ROLES if name != "extra_features"])
def test_every_column_of_a_role_is_recognised_by_its_own_name(role):
    for column in ROLES[role].columns:
        part = next(part for part in parts_of(role) if part.name == column.name)
        assert score(part, column.name) > 3


def test_words_are_about_roles_and_columns_that_exist():
    assert ROLE_WORDS.keys() <= ROLES.keys()
    for key in PARTS.keys() - {"purchases.price"}:
        role, _, column = key.rpartition(".")
        assert not role or ROLES[role].column(column)
