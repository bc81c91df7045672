"""Dialects, encodings, samples: what a file is, without reading all of it."""

from __future__ import annotations

import gzip
import os
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope.discovery import pieces
from churnscope.discovery.dialect import sniff
from churnscope.discovery.tables import look_at
from churnscope.errors import InputError
from churnscope.sources import bytestream


@pytest.mark.parametrize(
    ("text", "delimiter", "columns"),
    [
        ("a,b,c\n1,2,3\n", ",", 3),
        ("a;b;c\n1;2,5;3\n4;5,5;6\n", ";", 3),
        ("a\tb\n1\t2, and more\n3\t4\n", "\t", 2),
        ("a|b\n1|2\n", "|", 2),
        ("src dst time\n1 2 3\n", " ", 3),
        ('a,b\n"x; y; z",1\n"u; v; w",2\n', ",", 2),
        ("'a';'b'\n'1;2';'3'\n", ";", 2),
    ],
)
def test_the_delimiter_that_gives_the_same_fields(text, delimiter, columns):
    found = sniff(text)
    assert (found.delimiter, found.columns, found.is_aligned) == (delimiter, columns, False)


def test_columns_below_each_other():
    found = sniff(" 00001 19970101  1   11.77\n 00002 19970112 10  112.00\n")
    assert (found.is_aligned, found.columns) == (True, 4)
    assert list(found.records(" 00001 19970101  1   11.77\n")) == [["00001", "19970101", "1", "11.77"]]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin-1", "latin-1"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(encoding, declared, packed, tmp_path):
    content = "kunde;größe\n" + "".join(f"{i};Käse\n" for i in range(50))
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(content.encode(encoding)) if packed else content.encode(encoding))
    table = look_at(path)
    assert table.encoding == declared
    assert table.names == ("kunde", "größe")
    assert table.rows == 50


@pytest.fixture
def small_pieces(monkeypatch):
    """Files of 64 KiB are large ones."""
    monkeypatch.setattr(bytestream, "PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1 << 16)
    monkeypatch.setattr(pieces, "PART_BYTES", 1 << 12)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_large_file_is_seen_at_its_beginning_middle_and_end(name, small_pieces, tmp_path):
    rows = 100_000
    content = ("id,day,text\n" + "".join(f"{i:06},2024-01-01,zürich\n" for i in range(rows))).encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(content, 1) if name.endswith("gz") else content)
    table = look_at(path)
    seen = [int(value) for value in table.column("id").values]
    assert (seen[0], seen[-1]) == (0, rows - 1)
    assert len(seen) < rows / 20
    assert any(rows / 3 < number < 2 * rows / 3 for number in seen)
    assert seen == sorted(set(seen))
    assert table.rows == pytest.approx(rows, rel=0.02)
    assert not table.is_whole


def test_a_file_that_cannot_be_read_to_its_end_says_so(small_pieces, monkeypatch, tmp_path):
    monkeypatch.setattr(pieces, "MOST_UNPACKED_BYTES", 1 << 18)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,day\n" + b"1,2024-01-01\n" * 100_000))
    assert not look_at(path).text.reaches_end


def test_rows_of_the_first_and_the_last_group(tmp_path):
    pq.write_table(pa.table({"id": range(90_000), "x": [1.5] * 90_000}), tmp_path / "a.parquet", row_group_size=10_000)
    table = look_at(tmp_path / "a.parquet")
    seen = [int(value) for value in table.column("id").values]
    assert (seen[0], seen[-1], table.rows) == (0, 89_999, 90_000)
    assert len(seen) < 30_000


def test_a_header_is_told_from_values(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("00017,2024-01-01,3.5\n00018,2024-01-02,4.5\n")
    assert not look_at(path).has_header
    path.write_text("anna,red\nbert,blue\nanna,blue\nbert,red\n")
    assert not look_at(path).has_header
    path.write_text("name,colour\nanna,red\nbert,blue\nanna,blue\nbert,red\n")
    assert look_at(path).has_header


@pytest.mark.parametrize("header", ["customer,date,date", ",customer,date"])
def test_a_flawed_header_has_to_be_named_anew(header, tmp_path):
    (tmp_path / "a.csv").write_text(f"{header}\n" + "1,2,2024-01-01\n" * 9)
    assert look_at(tmp_path / "a.csv").needs_names


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "id,date\n")


REFUSED = {
    "empty.csv": (lambda path: path.touch(), "is empty"),
    "blank.csv": (lambda path: path.write_text("\n\n\n"), "holds no record"),
    "header.csv": (lambda path: path.write_text("customer,date\n"), "a header and no row"),
    "one.csv": (lambda path: path.write_text("customer\n1\n2\n"), "no delimiter"),
    "zip.csv": (zipped, "a zip or XLSX file"),
    "bytes.csv": (lambda path: path.write_bytes(bytes(range(256)) * 40), "binary"),
    "nul.csv": (lambda path: path.write_bytes(b"id,date\n1,2024-01-01\n" * 9 + b"\0\0"), "binary"),
    "utf16.csv": (lambda path: path.write_bytes("id,date\n1,2024-01-01\n".encode("utf-16-le")), "UTF-16 without a byte order"),
    "cut.csv.gz": (lambda path: path.write_bytes(gzip.compress(os.urandom(9_000))[:4_000]), "truncated"),
    "bad.csv.gz": (lambda path: path.write_bytes(b"\x1f\x8b" + b"no gzip at all" * 9), "damaged gzip"),
    "cut.parquet": (lambda path: path.write_bytes(b"PAR1" + b"x" * 99), "damaged Parquet"),
    "rows.parquet": (lambda path: pq.write_table(pa.table({"id": pa.array([], pa.string()), "x": []}), path), "holds no row"),
    "quote.csv": (lambda path: path.write_text('id,date\n"1,2024-01-01\n' + "2,2024-01-02\n" * 99), "quote is opened"),
    "wide.csv": (
        lambda path: path.write_text(",".join(f"c{i}" for i in range(1_200)) + "\n" + "x," * 1_199 + "x\n"),
        "1,200 columns",
    ),
    "pipe.csv": (os.mkfifo, "not a plain file"),
    "missing.csv": (lambda path: None, "no file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(name, tmp_path):
    make, message = REFUSED[name]
    make(tmp_path / name)
    with pytest.raises(InputError, match=message):
        look_at(tmp_path / name)
