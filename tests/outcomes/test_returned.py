"""A list comes back from people: every row is stored, known, without a result, or refused with its number and why."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from churnscope.errors import InputError
from churnscope.outcomes import Outcome, Store, open_store, returned, sheets
from churnscope.outcomes.returned import RULES, AddedFile, add_file
from churnscope.outcomes.words import RESULT_OF

from .conftest import DAY, FACTS, key, listed

CUSTOMERS = ("ann", "bob", "cem", "dia", "eve")
HEADER = ("rank", "customer_id", "line_key", "result", "call_back", "note")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'outcomes.db'}", "shop") as opened:
        opened.record_list(FACTS, listed(*CUSTOMERS))
        yield opened


def book(path: Path, *rows: tuple, header: tuple = HEADER, title: str = "Ana", others: dict | None = None) -> Path:
    workbook = Workbook()
    workbook.active.title = title
    for name, lines in ({title: [header, *rows]} | (others or {})).items():
        sheet = workbook[name] if name in workbook.sheetnames else workbook.create_sheet(name)
        for line in lines:
            sheet.append(line)
    workbook.save(path)
    return path


def line(customer: str, result: object = None, call_back: object = None, **more: object) -> tuple:
    return (1, customer, more.get("key", key(customer)), result, call_back, "said she moved")


def csv(path: Path, *rows: tuple, header: tuple = HEADER, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    lines = [delimiter.join("" if cell is None else f'"{cell}"' for cell in row) for row in (header, *rows)]
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def told(store: Store) -> set[tuple[str, date, str, str]]:
    names = {key(customer): customer for customer in CUSTOMERS}
    return {(names[o.line_key], o.day, o.result, o.call_back) for o in store.recorded(FACTS.list_id).outcomes}


def test_a_workbook_with_a_sheet_an_agent_is_stored_once(store: Store, tmp_path: Path) -> None:
    more = {"Bo": [HEADER, line("cem"), line("dia", "Refused")], "How to": [("Fill in the column result.",)]}
    path = book(
        tmp_path / "list.xlsx", line("ann", "accepted"), line("bob", "no answer", datetime(2024, 3, 4, 18)), others=more
    )
    assert add_file(store, path) == AddedFile(4, 3, 0, 0, 1, (), 0)
    assert told(store) == {
        ("ann", DAY, "accepted", ""),
        ("bob", DAY, "no_answer", "2024-03-04T18:00"),
        ("dia", DAY, "refused", ""),
    }
    assert add_file(store, path) == AddedFile(4, 0, 0, 3, 1, (), 0)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_is_read_as_spreadsheets_write_it(store: Store, tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = (line("ann", "accepté", "2024-03-04"), line("bob"))
    path = csv(tmp_path / "list.csv", *rows, delimiter=delimiter, encoding=encoding)
    assert add_file(store, path) == AddedFile(2, 1, 0, 0, 1, (), 0)
    assert told(store) == {("ann", DAY, "accepted", "2024-03-04")}


def test_rows_are_found_by_their_key_whatever_else_was_changed(store: Store, tmp_path: Path) -> None:
    rows = [(key(c), None, r, c.upper()) for c, r in (("eve", "Reached"), ("ann", "do-not-call"), ("cem", None))]
    header = ("what is this", "", "how it went", "who")
    path = book(tmp_path / "renamed.xlsx", *rows, header=header, others={"Old": [("notes", "of mine")]}, title="My calls")
    assert add_file(store, path) == AddedFile(3, 2, 0, 0, 1, (), 0)
    assert told(store) == {("eve", DAY, "reached", ""), ("ann", DAY, "do_not_call", "")}


def test_rows_that_cannot_be_used_are_named_by_number_and_rule(store: Store, tmp_path: Path) -> None:
    header = (*HEADER, "day")
    path = book(
        tmp_path / "list.xlsx",
        (*line("ann", "maybe"), None),
        (*line("bob", "accepted", key="f" * 16), None),
        (*line("cem", "accepted", key="C-3"), None),
        (*line("cem", "accepted", key=None), None),
        (None, None, None, None, None, "a row of my own"),
        (*line("dia", "accepted"), date(2024, 3, 2)),
        (*line("dia", "refused"), date(2024, 3, 2)),
        (*line("eve", "accepted"), "soon"),
        (*line("eve", "accepted"), date(2024, 2, 1)),
        (*line("eve", "=1+1"), None),
        header=header,
    )
    found = add_file(store, path)
    rules = [returned.NO_RESULT, returned.UNKNOWN, returned.NO_KEY, returned.NO_KEY]
    rules += [returned.DIFFERENT, returned.DIFFERENT, returned.NO_DAY, returned.EARLY, returned.NO_RESULT]
    assert [(row.row, row.rule) for row in found.refused] == list(zip([2, 3, 4, 5, 7, 8, 9, 10, 11], rules, strict=True))
    assert (found.rows, found.stored, told(store)) == (9, 0, set())


def test_the_file_added_last_is_right_and_what_stood_there_is_kept(store: Store, tmp_path: Path) -> None:
    first = book(tmp_path / "first.xlsx", line("ann", "no answer", date(2024, 3, 4)), line("bob", "reached"), line("cem"))
    second = book(tmp_path / "second.xlsx", line("ann", "accepted"), line("bob", "reached"), line("cem"))
    assert add_file(store, first) == AddedFile(3, 2, 0, 0, 1, (), 0)
    assert add_file(store, second) == AddedFile(3, 0, 1, 1, 1, (), 0)
    right = {("ann", DAY, "accepted", ""), ("bob", DAY, "reached", "")}
    assert told(store) == right
    was = Outcome(key("ann"), DAY, "no_answer", "2024-03-04")
    assert store.corrected([key("ann"), key("bob")]) == (was,)
    for again in (first, second, first):  # the older one had been added before: it takes nothing back
        assert add_file(store, again) == AddedFile(3, 0, 0, 2, 1, (), 0)
    assert add_file(store, first, day=date(2024, 3, 9)) == AddedFile(3, 0, 0, 2, 1, (), 0)
    assert told(store) == right
    third = book(tmp_path / "third.xlsx", line("ann", "no answer"), line("bob"))  # another file: it is the last word
    assert add_file(store, third) == AddedFile(2, 0, 1, 0, 1, (), 0)
    assert told(store) == {("ann", DAY, "no_answer", ""), ("bob", DAY, "reached", "")}
    assert store.corrected([key("ann")]) == (was, Outcome(key("ann"), DAY, "accepted"))


def test_an_older_copy_that_was_never_added_is_a_later_word(store: Store, tmp_path: Path) -> None:
    older = csv(tmp_path / "older.csv", line("ann", "no answer"))
    add_file(store, csv(tmp_path / "newer.csv", line("ann", "accepted")))
    assert add_file(store, older).corrected == 1
    assert told(store) == {("ann", DAY, "no_answer", "")}


def test_a_call_of_another_day_corrects_nothing(store: Store, tmp_path: Path) -> None:
    add_file(store, book(tmp_path / "first.xlsx", line("ann", "no answer")))
    again = book(tmp_path / "again.xlsx", line("ann", "accepted"))
    assert add_file(store, again, day=date(2024, 3, 5)) == AddedFile(1, 1, 0, 0, 0, (), 0)
    assert told(store) == {("ann", DAY, "no_answer", ""), ("ann", date(2024, 3, 5), "accepted", "")}
    assert add_file(store, again, day=date(2024, 3, 6)) == AddedFile(1, 0, 0, 1, 0, (), 0)
    assert store.corrected([key("ann")]) == ()


def test_an_empty_cell_takes_nothing_back(store: Store, tmp_path: Path) -> None:
    add_file(store, book(tmp_path / "first.xlsx", line("ann", "no answer", date(2024, 3, 4)), line("bob", "refused")))
    assert add_file(store, book(tmp_path / "again.xlsx", line("ann", "no answer"), line("bob"))).known == 1
    moved = book(tmp_path / "moved.xlsx", line("ann", "no answer", date(2024, 3, 6)))
    assert add_file(store, moved).corrected == 1
    assert told(store) == {("ann", DAY, "no_answer", "2024-03-06"), ("bob", DAY, "refused", "")}


def test_a_row_that_was_refused_is_stored_when_the_same_file_comes_again(store: Store, tmp_path: Path) -> None:
    path = csv(tmp_path / "list.csv", (*line("ann", "accepted"), "04/03/2024"), header=(*HEADER, "day"))
    assert add_file(store, path).refused[0].rule == returned.NO_DAY
    assert add_file(store, path, day_format="%d/%m/%Y").stored == 1


def test_a_row_twice_is_known_the_second_time(store: Store, tmp_path: Path) -> None:
    assert add_file(store, book(tmp_path / "list.xlsx", line("ann", "accepted"), line("ann", "accepted"))) == AddedFile(
        2, 1, 0, 1, 0, (), 0
    )


def test_a_note_that_is_no_time_is_not_kept(store: Store, tmp_path: Path) -> None:
    path = book(tmp_path / "list.xlsx", line("ann", "no answer", "her mother knows"), line("bob", "no answer", "4.3.2024"))
    assert add_file(store, path, day_format="%d.%m.%Y").call_backs_left_out == 1
    assert told(store) == {("ann", DAY, "no_answer", ""), ("bob", DAY, "no_answer", "2024-03-04")}


def test_a_key_that_became_a_number_is_found_where_no_digit_was_lost(store: Store) -> None:
    assert returned.key_in(1234567890123) == "0001234567890123"
    assert returned.key_in(1.2345e15) is None


@pytest.mark.parametrize("word", sorted(RESULT_OF))
def test_results_are_read_in_every_language(word: str) -> None:
    assert returned.result_in(f" {word.upper()} ") == RESULT_OF[word]


def test_files_that_are_no_lists_are_refused(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "list.ods"
    other.write_bytes(b"")
    with pytest.raises(InputError, match=r"comes back as \.csv or \.xlsx"):
        add_file(store, other)
    with pytest.raises(InputError, match="no column holds line keys"):
        add_file(store, csv(tmp_path / "a.csv", ("x", "y"), header=("name", "result")))
    with pytest.raises(InputError, match="no column holds the results"):
        add_file(store, csv(tmp_path / "b.csv", (key("ann"), "y"), header=("line_key", "name")))
    with pytest.raises(InputError, match="more than one column may hold"):
        add_file(store, csv(tmp_path / "c.csv", (key("ann"), "refused", "refused"), header=("line_key", "last", "new")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 not really", "is no XLSX workbook"),
        (b"", "is no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "protected by a password, or an old"),
    ],
)
def test_damaged_and_locked_workbooks_are_refused(store: Store, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        add_file(store, path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [None, b"", b"<x", b"\0" * 99])
def test_a_workbook_with_a_damaged_part_is_refused(store: Store, tmp_path: Path, part: str, content: bytes | None) -> None:
    path, packed = book(tmp_path / "list.xlsx", line("ann", "accepted")), io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(packed, "w") as damaged:
        for name in whole.namelist():
            if name != part:
                damaged.writestr(name, whole.read(name))
            elif content is not None:
                damaged.writestr(name, content)
    path.write_bytes(packed.getvalue())
    with pytest.raises(InputError, match=r"is no XLSX workbook|no column holds line keys"):
        add_file(store, path)
    assert told(store) == set()


def test_entities_of_a_workbook_lead_nowhere(store: Store, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("accepted")
    path, packed = book(tmp_path / "list.xlsx", line("ann", "PLACE")), io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(packed, "w") as altered:
        for name in whole.namelist():
            content = whole.read(name)
            if b"PLACE" in content:
                text = content.decode().replace("PLACE", "&secret;")
                start = text.index("?>") + 2 if text.startswith("<?xml") else 0
                content = f'{text[:start]}<!DOCTYPE x [<!ENTITY secret SYSTEM "{secret.as_uri()}">]>{text[start:]}'.encode()
            altered.writestr(name, content)
    path.write_bytes(packed.getvalue())
    with contextlib.suppress(InputError):
        assert add_file(store, path).stored == 0
    assert told(store) == set()


def test_a_file_larger_than_a_list_is_refused(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = book(tmp_path / "list.xlsx", *(line("ann", "accepted") for _ in range(50)))
    with monkeypatch.context() as patched:
        patched.setattr(sheets, "MOST_BYTES", 1_000)
        with pytest.raises(InputError, match="bytes are more than a list has"):
            add_file(store, path)
    with monkeypatch.context() as patched:
        patched.setattr(sheets, "MOST_UNPACKED_BYTES", 1_000)
        with pytest.raises(InputError, match="it unpacks to"):
            add_file(store, path)
    monkeypatch.setattr(sheets, "MOST_ROWS", 20)
    with pytest.raises(InputError, match="more than 20 rows"):
        add_file(store, path)


def test_messages_hold_nothing_of_a_person(store: Store, tmp_path: Path) -> None:
    found = add_file(store, book(tmp_path / "list.xlsx", line("ann", "maybe she moved"), line("bob", "reached", key="bob")))
    assert "moved" not in repr(found)
    assert "'bob'" not in repr(found)


CELLS = st.sampled_from([*map(key, CUSTOMERS), "f" * 16, "", "C-17", "0" * 15])
RESULTS = st.sampled_from(["accepted", "no answer", "Refusé", "", "?", "=1"])
DAYS = st.sampled_from(["", "2024-03-01", "2024-03-02", "2024-02-01", "x"])


@pytest.mark.slow
@pytest.mark.property
@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, RESULTS, DAYS), max_size=12), seed=st.integers(0, 99))
@example(rows=[(key("ann"), "accepted", ""), (key("ann"), "accepted", "2024-03-02"), (key("ann"), "no answer", "")], seed=0)
def test_no_row_is_lost_and_their_order_does_not_matter(tmp_path: Path, rows: list, seed: int) -> None:
    header, ends = ("line_key", "result", "day"), []
    for lines in (rows, random.Random(seed).sample(rows, len(rows))):
        with open_store("sqlite://", "shop") as store:
            store.record_list(FACTS, listed(*CUSTOMERS))
            path = csv(tmp_path / "list.csv", *lines, header=header)
            found = add_file(store, path)
            assert found.rows == sum(bool(cell or result) for cell, result, _ in rows)
            assert found.rows == found.stored + found.known + found.without_result + len(found.refused)
            assert found.corrected == 0
            assert {row.rule for row in found.refused} <= set(RULES)
            ends.append((told(store), found.stored, found.known))
            again = add_file(store, path)
            assert (again.stored, again.corrected, len(again.refused)) == (0, 0, len(found.refused))
            assert told(store) == ends[-1][0]
    assert ends[0] == ends[1]


def test_an_outcome_is_one_of_the_results() -> None:
    with pytest.raises(ValueError, match="a result is one of reached"):
        Outcome(key("ann"), DAY, "maybe")
