"""Contracts in a config: the start of a term under its own name, and terms that roll on."""

from __future__ import annotations

import pytest

from churnscope.config.load import load_config
from churnscope.config.tables import KeptTable
from churnscope.errors import ConfigError


def business(columns: dict[str, str], **source: object) -> dict[str, object]:
    terms = {"role": "subscriptions", "format": "csv", "files": "terms.csv", "columns": {"customer": "id", **columns}}
    return {
        "name": "phones",
        "sources": {"terms": terms | source},
        "activity": {"rules": [{"source": "terms", "days": 30}]},
        "prediction": {"horizon_days": 30},
    }


def test_the_time_of_a_term_is_its_start() -> None:
    for word in ("start", "time"):
        assert load_config(business({word: "begin"}), {}).sources["terms"].columns == {"customer": "id", "time": "begin"}


def test_an_override_speaks_of_the_start_as_well() -> None:
    config = load_config(business({"start": "begin"}), {"CHURNSCOPE__SOURCES__TERMS__COLUMNS__START": "signed"})
    assert config.sources["terms"].columns["time"] == "signed"


def test_errors_speak_of_the_start() -> None:
    with pytest.raises(ConfigError, match=r"columns\.start: this key is missing"):
        load_config(business({"end": "until"}), {})
    with pytest.raises(ConfigError, match=r"columns\.begin: subscriptions have no such column"):
        load_config(business({"begin": "begin"}), {})
    with pytest.raises(ConfigError, match=r"columns\.start(, character \d+)?: "):
        load_config(business({"start": "begin + ("}), {})


def test_a_table_names_its_start(tmp_path) -> None:
    table = KeptTable(tmp_path / "terms.parquet", ["customer", "start", "end"])
    document = business({"start": "begin"})
    del document["sources"]["terms"]["columns"]
    assert load_config(document, {}, tables={"terms": table}).sources["terms"].columns == {
        "customer": "customer",
        "time": "start",
        "end": "end",
    }
    with pytest.raises(ConfigError, match="terms has no column start"):
        load_config(document, {}, tables={"terms": KeptTable(table.path, ["customer", "end"])})


@pytest.mark.parametrize(
    ("columns", "source", "problem"),
    [
        ({}, {"rolling": {}}, "it gives the length of a term once"),
        ({}, {"rolling": {"months": "1", "days": "30"}}, "it gives the length of a term once"),
        ({"end": "until"}, {"rolling": {"months": "1"}}, r"columns\.end: it is told of one term.*`ended`"),
        ({"paid": "paid"}, {"rolling": {"months": "1"}}, r"columns\.paid: it is told of one term"),
        ({}, {"rolling": {"months": "1 +"}}, r"rolling\.months, character"),
        ({}, {"rolling": {"months": 1.5}}, r"rolling\.months: 1\.5 is not possible"),
    ],
)
def test_what_a_rolling_contract_cannot_say(columns, source, problem) -> None:
    with pytest.raises(ConfigError, match=f"(?s){problem}"):
        load_config(business({"start": "begin", **columns}, **source), {})


def test_a_length_is_a_number_or_an_expression() -> None:
    lengths = [load_config(business({"start": "begin"}, rolling={"months": months}), {}) for months in (12, "12", "length")]
    assert [config.sources["terms"].rolling.months for config in lengths] == ["12", "12", "length"]


def test_a_rolling_contract_has_agreed_ends() -> None:
    document = business({"start": "begin"}, rolling={"months": 1})
    document |= {
        "activity": {"rules": [{"source": "terms", "in_force": True}]},
        "label": {"kind": "contract_end"},
        "prediction": {"horizon_days": 60, "days_before_end": 14, "horizon_renewals": 1, "spacing_days": 7},
    }
    assert load_config(document, {}).timing.renewals == 1
    del document["sources"]["terms"]["rolling"]
    with pytest.raises(ConfigError, match=r"no rule of \[activity\] counts terms that end"):
        load_config(document, {})


def test_only_contracts_roll() -> None:
    document = business({"time": "day"}, role="purchases", rolling={"days": "7"})
    with pytest.raises(ConfigError, match="rolling: purchases have no terms"):
        load_config(document, {})
