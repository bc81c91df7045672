"""How times are written: formats, order of day and month, epochs, two ways in one column."""

from datetime import date, datetime, timedelta

import pytest

from churnscope.discovery.dates import FORMATS, read_times

TODAY = date(2024, 6, 1)
HUNDRED = [date(2024, 1, 1) + timedelta(days=i) for i in range(100)]


def read(values, **options):
    return read_times(values, today=TODAY, may_be_epoch=options.pop("may_be_epoch", False), **options)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_told_from_the_others(form):
    moments = [datetime(2023, 1, 1, 13, 7, 9) + timedelta(days=i, minutes=17 * i) for i in range(200)]
    values = [f"{moment:{form}}".replace("%z", "") + ("+0000" if form.endswith("%z") else "") for moment in moments]
    found = read(values)
    assert found.type == form
    assert not found.check
    assert [moment.date() for moment in found.moments] == [moment.date() for moment in moments]


@pytest.mark.parametrize(
    "value",
    [
        "2024-03-01",
        "2024-3-1",
        "2024-03-01 10:00",
        "2024-03-01T10:00:00.123Z",
        "2024-03-01 10:00:00+02:00",
        "2024-03-01T10:00+0530",
    ],
)
def test_iso_needs_no_format(value):
    found = read([value] * 3)
    assert found.type == "timestamp"
    assert found.good[0].date() == date(2024, 3, 1)


def test_offsets_are_seen():
    assert read(["2024-03-01T10:00:00Z", "2024-03-01T10:00:00-05"]).offsets == {"+00:00", "-05:00"}


def test_how_many_say_which_comes_first():
    found = read([f"{day:%d/%m/%Y}" for day in HUNDRED])
    assert found.evidence == "all 100 sampled values fit %d/%m/%Y, 55 of them only day first"
    assert not found.check


@pytest.mark.parametrize(
    ("values", "form", "why"),
    [
        ([f"{d:02}/{m:02}/2024" for m in range(1, 6) for d in range(1, 13)], "%d/%m/%Y", "in the future the other way"),
        ([f"{d:02}/{m:02}/2023" for m in range(1, 13) for d in (1, 2, 3)], "%d/%m/%Y", "in order of time"),
        ([f"{m:02}/{d:02}/2023" for m in range(1, 13) for d in (1, 2, 3)], "%m/%d/%Y", "in order of time"),
        (["02/03/2024", "01/03/2024", "02/03/2024", "01/03/2024"], "%d/%m/%Y", "span 1 day, 31 the other way"),
        (["03/04/2024"] * 5, "%m/%d/%Y", "commas and slashes often go with it; nothing else tells"),
        (["03.04.2024"] * 5, "%d.%m.%Y", "nothing else tells"),
    ],
)
def test_both_orders_fit_and_what_decides_is_said(values, form, why):
    found = read(values)
    assert found.type == form
    assert why in found.evidence
    assert found.check
    assert {found.type, found.twin.type} == {
        form,
        form[:1] + ("m" if form[1] == "d" else "d") + form[2:4] + ("d" if form[1] == "d" else "m") + form[5:],
    }


def test_a_semicolon_file_writes_the_day_first():
    assert read(["03/04/2024"] * 5, day_first_hint=True).type == "%d/%m/%Y"


def test_two_orders_in_one_column_are_said():
    found = read([f"{day:%d/%m/%Y}" for day in HUNDRED] + ["12/31/2023"] * 5)
    assert "5 fit only month first: two ways of writing dates are mixed" in found.evidence
    assert found.check


def test_two_ways_that_agree_are_both_read():
    found = read(["13/01/2024 10:00", "14/01/2024"])
    assert {found.type, found.second} == {"%d/%m/%Y", "%d/%m/%Y %H:%M"}
    assert [moment.day for moment in found.moments] == [13, 14]


@pytest.mark.parametrize(
    ("factor", "name"), [(1, "epoch_seconds"), (1_000, "epoch_milliseconds"), (1_000_000, "epoch_microseconds")]
)
def test_epochs_are_told_apart_by_their_size(factor, name):
    values = [str(1_700_000_000 * factor + i) for i in range(50)]
    assert read(values, may_be_epoch=True).type == name
    assert read(values) is None


@pytest.mark.parametrize("values", [["1.5", "2.5"], ["12", "13"], ["red", "blue"], ["31/02/2024"], ["2024-13-01"], []])
def test_what_is_no_time(values):
    assert read(values, may_be_epoch=True) is None
