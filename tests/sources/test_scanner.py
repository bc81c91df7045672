from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.sources.scanner import Records, find_records


def scan(text: bytes, *, is_last: bool = True, line: int = 1) -> Records:
    return find_records(np.frombuffer(text, np.uint8), delimiter=ord(","), quote=ord('"'), line=line, is_last=is_last)


def texts(text: bytes, found: Records) -> list[bytes]:
    return [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "records", "fields", "lines"),
    [
        (b"a,b\nc,d\n", [b"a,b", b"c,d"], [2, 2], [1, 2]),
        (b"a,b\nc,d", [b"a,b", b"c,d"], [2, 2], [1, 2]),
        (b"a\r\n\r\n\r\nb\r\n", [b"a", b"b"], [1, 1], [1, 4]),
        (b"a\rb\r", [b"a", b"b"], [1, 1], [1, 2]),
        (b'"a\nb",c\nd,e\n', [b'"a\nb",c', b"d,e"], [2, 2], [1, 3]),
        (b'"a\r\nb",c\r\nd,e', [b'"a\r\nb",c', b"d,e"], [2, 2], [1, 3]),
        (b'"a""b,",c\n', [b'"a""b,",c'], [2], [1]),
        (b'""\nx\n', [b'""', b"x"], [1, 1], [1, 2]),
        (b'5" pipe,6\n7,8\n', [b'5" pipe,6', b"7,8"], [2, 2], [1, 2]),
        (b",\n,,\n", [b",", b",,"], [2, 3], [1, 2]),
        (b"", [], [], []),
        (b"\n\n", [], [], []),
    ],
)
def test_records_fields_and_lines(text, records, fields, lines):
    found = scan(text)
    assert texts(text, found) == records
    assert found.fields.tolist() == fields
    assert found.lines.tolist() == lines
    assert found.consumed == len(text)


def test_an_unclosed_quote_is_told_with_the_line_it_begins_on():
    found = scan(b'a,b\nc,"d\ne\n')
    assert (len(found), found.is_open, found.consumed, found.next_line, found.last_line) == (1, True, 4, 2, 4)


@pytest.mark.parametrize("text", [b"a,b\nc,d", b"a,b\nc,d\r", b'a,b\n"c', b'a,b\n"c"'])
def test_a_record_that_may_go_on_is_left_for_the_next_piece(text):
    found = scan(text, is_last=False)
    assert (len(found), found.consumed, found.next_line) == (1, 4, 2)


def test_bytes_above_127_are_noticed():
    assert scan("a\n\u00e9\n".encode()).ascii.tolist() == [True, False]


cells = st.text(st.sampled_from('ab,"\n\r \u00e9'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.lists(cells, min_size=2, max_size=4), max_size=8), ends=st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_a_csv_writer_wrote_is_found_again(rows, ends):
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(rows)
    text = written.getvalue().encode()
    found = scan(text)
    assert found.fields.tolist() == [len(row) for row in rows]
    assert not found.is_open


@settings(max_examples=200, deadline=None)
@given(text=st.binary(max_size=60).map(lambda raw: bytes(b'a,"\n\r'[byte % 5] for byte in raw)), cut=st.integers(0, 60))
def test_where_the_pieces_are_cut_changes_nothing(text, cut):
    whole = scan(text)
    first = scan(text[:cut], is_last=False)
    second = scan(text[first.consumed :], line=first.next_line)
    joined = texts(text[:cut], first) + texts(text[first.consumed :], second)
    assert joined == texts(text, whole)
    assert [*first.lines, *second.lines] == whole.lines.tolist()
    assert (second.is_open, second.last_line) == (whole.is_open, whole.last_line)
