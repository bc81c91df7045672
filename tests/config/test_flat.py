"""A config of one flat file says little: who is a customer, who left."""

from __future__ import annotations

import pytest

from churnscope.config.load import load_config
from churnscope.config.models import Config
from churnscope.errors import ConfigError


def flat(columns: dict[str, str] | None = None, *, source: dict | None = None, **tables: object) -> Config:
    said = {"customer": "id", "churned": "left"} if columns is None else columns
    file = {"role": "snapshot", "format": "csv", "files": "people.csv", "columns": said, **(source or {})}
    return load_config({"name": "people", "sources": {"people": file}, **tables}, {})


def test_neither_activity_nor_horizon_is_demanded() -> None:
    config = flat()
    assert [rule.source for rule in config.activity.rules] == ["people"]
    assert (config.label.kind, config.prediction.horizon_days) == ("given", 1)
    assert config.flat is config.sources["people"]
    assert not config.has_days


def test_what_is_written_stays() -> None:
    config = flat(prediction={"horizon_days": 90, "gap_days": 7}, activity={"rules": [{"source": "people", "days": 31}]})
    assert (config.prediction.horizon_days, config.prediction.gap_days, config.activity.rules[0].days) == (90, 7, 31)


def test_a_horizon_is_there_where_only_the_gap_is_written() -> None:
    assert flat(prediction={"gap_days": 7}).prediction.horizon_days == 1


def test_a_date_is_the_time_of_a_row() -> None:
    config = flat({"customer": "id", "date": "day", "churned": "left"})
    assert config.sources["people"].columns == {"customer": "id", "time": "day", "churned": "left"}
    assert config.has_days


@pytest.mark.parametrize("attributes", [{}, {"attributes": "*"}])
def test_every_column_is_an_attribute_by_default(attributes: dict) -> None:
    assert flat(source=attributes).sources["people"].attributes == {}


def test_attributes_are_a_list_or_expressions() -> None:
    assert flat(source={"attributes": ["Plan"]}).sources["people"].attributes == {"plan": "Plan"}
    assert flat(source={"attributes": {"big": "seats > 10"}}).sources["people"].attributes == {"big": "seats > 10"}


def test_a_flat_file_stands_alone() -> None:
    other = {"role": "purchases", "format": "csv", "files": "b.csv", "columns": {"customer": "id", "time": "at"}}
    people = {"role": "snapshot", "format": "csv", "files": "a.csv", "columns": {"customer": "id"}}
    with pytest.raises(ConfigError, match="role snapshot stands alone"):
        load_config({"name": "two", "sources": {"people": people, "sales": other}}, {})


def test_a_flat_file_has_no_silence_to_learn_from() -> None:
    with pytest.raises(ConfigError, match='"no_event", but a flat file has no events'):
        flat(label={"kind": "no_event"})


def test_rows_without_time_are_not_late() -> None:
    with pytest.raises(ConfigError, match="delay_days: the rows have no time"):
        flat(source={"delay_days": 2})


def test_signals_are_attributes_there() -> None:
    with pytest.raises(ConfigError, match="signals: snapshot have none"):
        flat(source={"signals": {"big": "seats > 10"}})


def test_tables_in_memory_need_no_config_beyond_a_name() -> None:
    import pyarrow as pa

    from churnscope.project import Project

    table = pa.table({"customer": ["a", "b"], "churned": [True, False], "seats": [1, 2]})
    config = Project.from_tables({"name": "people"}, snapshot=table).config
    assert config.flat is not None
    assert config.flat.columns == {"customer": "customer", "churned": "churned"}
