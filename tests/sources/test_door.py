from __future__ import annotations

import gzip
import hashlib

import pytest

from churnscope.errors import InputError
from churnscope.sources import bytestream
from churnscope.sources.door import CleanRecords, Door


def all_records(door: Door) -> tuple[bytes, list[int]]:
    door.open()
    found: list[CleanRecords] = list(door.clean_records())
    return b"".join(bytes(part.text) for part in found), [int(line) for part in found for line in part.lines]


def test_malformed_records_are_turned_away_and_the_others_untouched(door):
    entrance = door(b'a,b\n1,2\n3\n\n4,5,6\n"7\n",8\n9,\xff\n10,11')
    text, lines = all_records(entrance)
    assert text == b'1,2\n"7\n",8\n10,11'
    assert lines == [2, 6, 9]
    assert entrance.records == 6
    assert entrance.rejected == {"ragged_row": [3, 5], "invalid_utf8": [8]}


@pytest.mark.parametrize("piece", [8, 13, 64, 1 << 20])
@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
def test_the_size_of_pieces_changes_nothing(door, monkeypatch, piece, name):
    content = b"\xef\xbb\xbfa,b\r\n" + b'1,"x\r\ny"\r\n2\r\n' * 40
    monkeypatch.setattr(bytestream, "PIECE_BYTES", piece)
    monkeypatch.setattr(bytestream, "_READ_BYTES", piece)
    entrance = door(content, name=name)
    text, lines = all_records(entrance)
    assert text == b'1,"x\r\ny"\r\n' * 40
    assert lines == list(range(2, 122, 3))
    assert (entrance.header, entrance.records, len(entrance.rejected["ragged_row"])) == (("a", "b"), 80, 40)
    assert entrance.has_mark


def test_the_hash_is_that_of_the_file_itself(door):
    entrance = door(b"a,b\n1,2\n" * 100, name="rows.csv.gz")
    all_records(entrance)
    assert entrance.sha256 == hashlib.sha256(entrance.file.path.read_bytes()).hexdigest()


def test_several_gzip_members_and_padding_are_one_file(door):
    members = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n") + b"\0" * 512
    entrance = door(members, name="packed.csv")
    assert all_records(entrance)[0] == b"1,2\n3,4\n"


def test_declared_names_make_the_first_line_a_record(door):
    entrance = door(b"1,2\n3,4\n", names=("a", "b"))
    assert all_records(entrance) == (b"1,2\n3,4\n", [1, 2])


def test_a_header_may_be_quoted_and_hold_the_delimiter(door):
    assert door(b'"a, b" ," c"\n1,2\n').open() == ("a, b", "c")


def test_a_header_alone_has_no_records(door):
    entrance = door(b"a,b\n")
    assert all_records(entrance) == (b"", [])


def test_a_file_that_grows_while_it_is_read_is_refused(door):
    entrance = door(b"a,b\n1,2\n")
    entrance.open()
    entrance.file.path.write_bytes(b"a,b\n1,2\n3,4\n")
    with pytest.raises(InputError, match=r"rows\.csv changed while it was read"):
        list(entrance.clean_records())
