"""A flat file as it is found: what its columns are, whatever the file lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnscope.config.models import Source
from churnscope.sources.files import DataFile
from churnscope.sources.flat import as_found
from churnscope.sources.headers import FileColumns

HEADER = ("customerID", "Plan", "MonthlyCharges", "Status", "Zip code", "2024", "time")


def found(header: tuple[str, ...] = HEADER, **keys: object) -> Source:
    said = {"columns": {"customer": "customerID", "churned": "Status = 'left'"}, **keys}
    source = Source(role="snapshot", format="csv", files="a.csv", **said)
    file = DataFile(Path("a.csv"), "a.csv", {}, 1, 1)
    return as_found(source, [FileColumns(file, {name: name for name in header})])


def test_every_column_that_nothing_reads_is_an_attribute() -> None:
    assert found().attributes == {
        "plan": '"Plan"',
        "monthly_charges": '"MonthlyCharges"',
        "zip_code": '"Zip code"',
        "column_2024": '"2024"',
        "time_2": '"time"',
    }


def test_named_attributes_stay_as_they_are() -> None:
    assert found(attributes={"plan": "Plan"}).attributes == {"plan": "Plan"}


@pytest.mark.parametrize("where", ["Plan <> 'test'", "\"Plan\" <> 'test'"])
def test_what_a_condition_reads_is_none(where: str) -> None:
    assert "plan" not in found(where=where).attributes


def test_a_label_that_is_not_there_is_left_out_with_its_types() -> None:
    header = tuple(name for name in HEADER if name != "Status")
    source = found(header, types={"Status": "text", "MonthlyCharges": "number"})
    assert source.columns == {"customer": "customerID"}
    assert source.types == {"MonthlyCharges": "number"}
    assert source.attributes == found().attributes


def test_what_is_left_of_a_label_is_no_attribute() -> None:
    """A label of two columns, one of which the file of those to score still has."""
    columns = {"customer": "customerID", "churned": "Status = 'left' AND Plan IS NULL"}
    header = tuple(name for name in HEADER if name != "Status")
    assert "plan" not in found(header, columns=columns).attributes


def test_a_label_of_a_header_with_spaces() -> None:
    columns = {"customer": "customerID", "churned": "Has left"}
    assert found((*HEADER, "Has left"), columns=columns).columns == columns
    assert found(HEADER, columns=columns).columns == {"customer": "customerID"}
