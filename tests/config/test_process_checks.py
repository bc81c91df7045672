"""What processes, key events and occasions name has to be there."""

from __future__ import annotations

import pytest

from churnscope.config.checks import check_config
from churnscope.config.models import Config
from churnscope.errors import ConfigError

CONFIG = {
    "name": "shop",
    "sources": {
        "orders": {
            "role": "purchases",
            "format": "csv",
            "files": "orders.csv",
            "columns": {"customer": "id", "time": "day", "product": "item"},
            "signals": {"gift": "wrapped"},
        },
        "tickets": {
            "role": "support",
            "format": "csv",
            "files": "tickets.csv",
            "columns": {"customer": "id", "time": "opened", "resolved": "closed"},
        },
        "people": {
            "role": "customers",
            "format": "csv",
            "files": "people.csv",
            "columns": {"customer": "id", "birthday": "born", "time": "since"},
            "attributes": {"wedding": "married"},
        },
    },
    "activity": {"rules": [{"source": "orders", "days": 90}]},
    "prediction": {"horizon_days": 30},
}
ORDER, TICKET = {"source": "orders"}, {"source": "tickets"}


def check(**tables: object) -> None:
    check_config(Config.model_validate(CONFIG | tables))


def test_what_is_there_can_be_named():
    check(
        processes={
            "help": {"steps": [ORDER, TICKET, {"source": "tickets", "at": "resolved"}], "within_days": 9},
            "returns": {
                "steps": [ORDER, {"source": "orders", "where": "is_return"}],
                "fails": {"where": "gift"},
                "by": "product",
            },
        },
        key_events={"events": {"wrapped": {"source": "orders", "where": "gift"}}},
        occasions={
            "birthday": {"source": "people", "column": "birthday"},
            "anniversary": {"source": "people", "column": "time"},
            "answer": {"source": "tickets", "column": "resolved", "yearly": False},
        },
    )


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"processes": {"a": {"steps": [ORDER, {"source": "ordrs"}]}}}, r"\[processes.a\] source: 'ordrs' .*\n?.*orders"),
        ({"processes": {"a": {"steps": [ORDER, {"source": "people"}]}}}, "'people' is no source of events"),
        ({"processes": {"a": {"steps": [ORDER, {"where": "gft"}]}}}, r"orders has no flag or signal 'gft'"),
        ({"processes": {"a": {"steps": [TICKET, {"at": "paid"}]}}}, "tickets has no further time 'paid'"),
        ({"processes": {"a": {"steps": [ORDER, TICKET], "by": "product"}}}, "tickets has no column 'product'"),
        ({"key_events": {"events": {"x": {"source": "orders", "where": "big"}}}}, r"\[key_events\] events.x where"),
        ({"occasions": {"x": {"source": "people", "column": "born"}}}, "people has no date 'born'"),
        ({"occasions": {"x": {"source": "people", "column": "wedding"}}}, r'static = \["wedding"\]'),
        ({"occasions": {"x": {"source": "nobody", "column": "born"}}}, "there is no source 'nobody'"),
    ],
)
def test_what_is_not_there_is_named(tables: dict[str, object], message: str):
    with pytest.raises(ConfigError, match=message):
        check(**tables)
