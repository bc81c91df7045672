"""Kinds of bad input, each with the end it must come to: refused (R), quarantined (Q), mended and counted (N), accepted (A)."""

from __future__ import annotations

import gzip
import os
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError, InputError
from churnscope.sources import bytestream

HEADER = "customer,time,amount\n"
GOOD = "a,2024-01-01 10:00:00,5\nb,2024-01-02 10:00:00,7.25\na,2024-01-03 10:00:00,1\n"
SECRET = "Zoe"

REFUSED = {
    "empty file": (b"", "is empty"),
    "blank lines only": (b"\n\n\n", "no record, not even a header"),
    "no header": ("1,2,3\n4,5,6\n", "no header"),
    "repeated column": ("customer,time,time\n" + GOOD, "names time more than once"),
    "nameless column": ("customer,,amount\n" + GOOD, "column 2 of the header has no name"),
    "missing column": ("customer,when,amount\n" + GOOD, "rows.csv.*there is no column time"),
    "utf-16": ((HEADER + GOOD).encode("utf-16"), "UTF-16"),
    "NUL bytes": (HEADER + "a,2024-01-01\0,5\n", "NUL bytes"),
    "unclosed quote": (HEADER + GOOD + 'a,"2024-01-01 10:00:00,5\n' + GOOD, "begins in line 5"),
    "cut off in a quote": (
        HEADER + GOOD + 'a,"2024-01',
        r"rows\.csv ends inside a quoted value, .* line 5\.\nThe file is cut off",
    ),
    "quote that swallows lines": (HEADER + 'a,"2024-01-01\n' + "x\n" * 2_000 + '",5\n', "begins in line 2"),
    "cell of 2 MB": (HEADER + f"{'x' * 2_000_000},2024-01-01,5\n", "begins in line 2"),
    "other delimiter": ((HEADER + GOOD).replace(",", ";"), "holds a semicolon"),
    "truncated gzip": (gzip.compress((HEADER + GOOD * 1000).encode())[:-20], "truncated"),
    "damaged gzip": (b"\x1f\x8b\x08\x00" + b"\xff" * 100, "damaged gzip"),
    "zip": (b"PK\x03\x04" + b"x" * 50, "zip or XLSX"),
    "too many columns": (",".join(f"c{i}" for i in range(1_001)) + "\n", "1,001 columns"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_malformed_file_is_refused_with_its_cause(shop, content, message):
    with pytest.raises(InputError, match=message):
        shop.load(content)
    assert not shop.quarantine.exists()


BAD_ROWS = {
    "too few fields": ("a,2024-01-01", "ragged_row"),
    "too many fields": ("a,2024-01-01,5,6", "ragged_row"),
    "invalid utf-8": (b"\xff\xfe,2024-01-01,5", "invalid_utf8"),
    "empty id": (",2024-01-01,5", "missing_id"),
    "blank id": ("   ,2024-01-01,5", "missing_id"),
    "scientific id": ("1.0E+15,2024-01-01,5", "scientific_id"),
    "zero-width id": ("a\u200bb,2024-01-01,5", "control_character_in_id"),
    "bidi id": ("a\u202eb,2024-01-01,5", "control_character_in_id"),
    "month 13": ("a,2024-13-01,5", "not_a_date:time"),
    "day 31 February": ("a,2024-02-31,5", "not_a_date:time"),
    "zeros": ("a,0000-00-00,5", "not_a_date:time"),
    "undeclared day first": ("a,03/04/2024,5", "not_a_date:time"),
    "word": ("a,infinity,5", "not_a_date:time"),
    "zone name": ("a,2024-01-01 10:00:00 Europe/London,5", "not_a_date:time"),
    "no date": ("a,,5", "missing:time"),
    "epoch placeholder": ("a,1970-01-01 00:00:00,5", "placeholder_date"),
    "century placeholder": ("a,1900-01-01,5", "placeholder_date"),
    "far future": ("a,2099-01-01,5", "stray_date"),
    "beyond the calendar": ("a,2500-01-01,5", "stray_date"),
    "before the calendar": ("a,1492-10-12,5", "stray_date"),
    "decimal comma": ('a,2024-01-01,"1,5"', "not_a_number:amount"),
    "currency sign": ("a,2024-01-01,$5", "not_a_number:amount"),
    "NaN": ("a,2024-01-01,nan", "not_finite:amount"),
    "infinite": ("a,2024-01-01,inf", "not_finite:amount"),
    "overflow": ("a,2024-01-01,1e400", "not_finite:amount"),
    "too large": ("a,2024-01-01,1e13", "too_large:amount"),
    "no amount": ("a,2024-01-01,", "missing:amount"),
}


def as_bytes(row: str | bytes) -> bytes:
    return row if isinstance(row, bytes) else row.encode()


def test_every_bad_row_is_quarantined_with_line_and_rule(shop):
    rows = [as_bytes(row) for row, _ in BAD_ROWS.values()]
    loaded = shop.load(HEADER.encode() + GOOD.encode() * 2 + b"\n".join(rows) + b"\n")
    report = loaded.reports[0]
    assert (report.rows_in, report.used, sum(report.quarantined.values())) == (6 + len(rows), 6, len(rows))
    lines = (shop.quarantine / "orders.csv").read_text().splitlines()[1:]
    found = {int(line.split(",")[1]): line.split(",")[2].strip('"') for line in lines}
    assert dict(zip(BAD_ROWS, (found[8 + i] for i in range(len(rows))), strict=True)) == {
        kind: rule for kind, (_, rule) in BAD_ROWS.items()
    }
    assert len(shop.rows(loaded)) == 6


@pytest.mark.parametrize("kind", ["scientific id", "currency sign", "undeclared day first", "invalid utf-8", "too few fields"])
def test_too_many_bad_rows_refuse_the_file_without_showing_a_value(shop, kind):
    row, rule = BAD_ROWS[kind]
    with pytest.raises(InputError, match=rf"1 of 4 rows are refused.*1 {re.escape(rule)}, first rows.csv line 5") as caught:
        shop.load(HEADER.encode() + GOOD.encode() + as_bytes(row) + b"\n", most_quarantined=0.01)
    assert not any(value in str(caught.value) for value in as_bytes(row).decode(errors="replace").split(",") if len(value) > 1)
    assert (shop.quarantine / "orders.csv").exists()


ACCEPTED = {
    "plain": HEADER + GOOD,
    "no last newline": (HEADER + GOOD)[:-1],
    "CRLF": (HEADER + GOOD).replace("\n", "\r\n"),
    "CR": (HEADER + GOOD).replace("\n", "\r"),
    "mixed line ends": HEADER + GOOD.replace("\n", "\r\n", 1),
    "byte order mark": "\ufeff" + HEADER + GOOD,
    "empty lines": "\n" + (HEADER + GOOD).replace("\n", "\n\n"),
    "quotes": HEADER + re.sub(r"([^,\n]+)", r'"\1"', GOOD),
    "columns in another order": "amount,customer,time\n" + re.sub(r"(.*),(.*)\n", r"\2,\1\n", GOOD),
    "header in other case": HEADER.upper() + GOOD,
    "blanks in the header": HEADER.replace(",", " , ") + GOOD,
    "extra column": "customer,time,amount,note\n" + GOOD.replace("\n", ",x\n"),
    "blanks around values": HEADER + GOOD.replace(",", " , "),
    "ISO with T and fraction": HEADER + GOOD.replace(" 10:00:00", "T10:00:00.000"),
}


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_harmless_differences_change_nothing(shop, content):
    loaded = shop.load(content)
    assert [(row.id, row.day, row.amount) for row in shop.rows(loaded)] == [
        ("a", 19723, 500),
        ("a", 19725, 100),
        ("b", 19724, 725),
    ]
    assert loaded.reports[0].used == loaded.reports[0].rows_in == 3


def test_line_numbers_count_lines_not_records(shop):
    content = 'customer,time,amount,note\n\na,2024-01-01,1,"two\nlines"\n\n,2024-01-01,1,x\n'
    loaded = shop.load(content)
    assert loaded.reports[0].quarantined == {"missing_id": 1}
    assert '"rows.csv",6,"missing_id"' in (shop.quarantine / "orders.csv").read_text()


def test_quoted_delimiters_and_quotes_are_text(shop):
    content = HEADER + '"a ""x"", y",2024-01-01,5\n'
    assert list(shop.load(content).ids()) == ['a "x", y']


def test_words_for_missing_are_text_in_an_id(shop):
    content = HEADER + "NA,2024-01-01,5\nnull,2024-01-01,5\nNone,2024-01-01,NA\n"
    loaded = shop.load(content, csv={"missing": ["", "NA"]})
    assert list(loaded.ids()) == ["NA", "null"]
    assert loaded.reports[0].quarantined == {"missing:amount": 1}


def test_long_and_zero_padded_ids_stay_as_they_are(shop):
    ids = ["0017", "123456789012345678901234567890", "17", "\U0001f600", "=cmd()", "'; DROP TABLE people; --", "{{7*7}}"]
    loaded = shop.load(HEADER + "".join(f"{id_},2024-01-01,5\n" for id_ in ids))
    assert list(loaded.ids()) == sorted(ids)


def test_ids_are_trimmed_and_normalised_and_counted(shop):
    loaded = shop.load(HEADER + "caf\u00e9,2024-01-01,5\ncafe\u0301 ,2024-01-02,5\nCAF\u00c9,2024-01-02,5\n")
    assert list(loaded.ids()) == ["CAF\u00c9", "caf\u00e9"]
    assert loaded.reports[0].counted == {"trimmed_ids": 1, "ids_alike_but_for_case": 1}


def test_declared_encodings_are_read(shop):
    text = HEADER + "Zo\u00eb,2024-01-01,5\n"
    for encoding in ("latin-1", "utf-16"):
        assert list(shop.load(text.encode(encoding), csv={"encoding": encoding}).ids()) == ["Zo\u00eb"]


def test_wrongly_declared_utf16_is_refused(shop):
    with pytest.raises(InputError, match="not written in utf-16"):
        shop.load(b"\xff\xfea\x00b\x00\x00\xd8", csv={"encoding": "utf-16"})


def test_latin1_read_as_utf8_is_refused_by_its_share(shop):
    with pytest.raises(InputError, match=r"2 invalid_utf8[^\n]*\n.*csv\.encoding"):
        shop.load((HEADER + "Zo\u00eb,2024-01-01,5\n" * 2).encode("latin-1"), most_quarantined=0.01)


def test_a_delimiter_that_changes_is_never_a_silent_loss(shop):
    changed = HEADER + GOOD + GOOD.replace(",", ";")
    with pytest.raises(InputError, match=r"3 ragged_row, first rows\.csv line 5"):
        shop.load(changed, most_quarantined=0.01)


def test_declared_decimal_comma(shop):
    loaded = shop.load(HEADER.replace(",", ";") + "a;2024-01-01;1,5\n", csv={"delimiter": ";", "decimal": ","})
    assert [row.amount for row in shop.rows(loaded)] == [150]


def test_naive_and_zoned_times_do_not_mix(shop):
    with pytest.raises(InputError, match="1 of 2 times carry an offset"):
        shop.load(HEADER + "a,2024-01-01 10:00:00,5\nb,2024-01-01T10:00:00Z,5\n")


@pytest.mark.parametrize(("unit", "factor"), [("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)])
def test_epoch_numbers(shop, unit, factor):
    loaded = shop.load(HEADER + f"a,{1_704_103_200 * factor},5\n", types={"time": f"epoch_{unit}"})
    assert [row.time for row in shop.rows(loaded)] == [1_704_103_200_000_000]


@pytest.mark.parametrize(
    ("unit", "factor"), [("seconds", 1_000), ("seconds", 1_000_000), ("milliseconds", 1), ("microseconds", 1)]
)
def test_epoch_numbers_of_another_unit_are_refused(shop, unit, factor):
    with pytest.raises(InputError, match=r"stray_date|not_a_date"):
        shop.load(HEADER + f"a,{1_704_103_200 * factor},5\n", types={"time": f"epoch_{unit}"}, most_quarantined=0.01)


def test_declared_date_format(shop):
    loaded = shop.load(HEADER + "a,03/04/2024,5\n", types={"time": "%d/%m/%Y"})
    assert [row.day for row in shop.rows(loaded)] == [19816]


def test_only_header_can_be_read_when_the_day_is_given(shop):
    with pytest.raises(InputError, match="No row of orders can be used"):
        shop.load(HEADER)
    loaded = shop.load(HEADER, as_of=19_800)
    assert (loaded.n_customers, list(loaded.blocks()), loaded.as_of) == (0, [], 19_800)


def test_missing_file_is_named(shop, config, source):
    with pytest.raises(InputError, match=r"There is no file .*nowhere\.csv"):
        shop.open(config({"orders": source(shop.folder / "nowhere.csv")}))


def test_a_pipe_is_refused(shop, config, source):
    os.mkfifo(shop.folder / "pipe.csv")
    with pytest.raises(InputError, match="not a plain file"):
        shop.open(config({"orders": source(shop.folder / "pipe.csv")}))


def test_one_file_twice_is_refused(shop, config, source):
    path = shop.write(HEADER + GOOD)
    with pytest.raises(InputError, match="named twice"):
        shop.open(config({"orders": source([{"path": str(path)}, {"path": str(path)}])}))


def test_a_gzip_bomb_is_refused(shop, config, source, monkeypatch):
    monkeypatch.setattr(bytestream, "_HARMLESS_BYTES", 1 << 20)
    path = shop.write(HEADER.encode() + b"a,2024-01-01,5\n" * 100_000, "bomb.csv.gz")
    with pytest.raises(InputError, match="grows more than 200 times"):
        shop.open(config({"orders": source(path)}))


def test_a_file_that_changes_is_refused(shop):
    loaded = shop.load(HEADER + GOOD)
    shop.write(HEADER + GOOD + GOOD)
    with pytest.raises(InputError, match="changed while it was read"):
        list(loaded.blocks())


def test_an_expression_over_text_says_how_to_declare_the_type(shop):
    columns = {"customer": "customer", "time": "time", "amount": "amount * 2"}
    with pytest.raises(ConfigError, match=r"columns\.amount: the expression does not fit.*\n.*types"):
        shop.load(HEADER + GOOD, columns=columns)


def test_a_failing_cast_in_an_expression_shows_no_value(shop):
    columns = {"customer": "customer", "time": "time", "amount": "CAST(amount AS INTEGER)"}
    loaded = shop.load(HEADER + f"a,2024-01-01,{SECRET}\nb,2024-01-01,5\n", columns=columns)
    assert loaded.reports[0].quarantined == {"missing:amount": 1}


def test_quarantined_cells_are_harmless_in_a_spreadsheet(shop):
    shop.load(HEADER + GOOD + "=1+1,x,@y\n\u200b-z,x,5\n")
    lines = (shop.quarantine / "orders.csv").read_text().splitlines()
    assert lines[1].endswith('"\'=1+1","x","\'@y"')
    assert lines[2].endswith('"\'\u200b-z","x","5"')


@pytest.fixture
def parquet(shop, config, source):
    def load(columns: dict, *, as_of: int | None = None, **changes):
        path = shop.folder / "rows.parquet"
        pq.write_table(pa.table(columns), path)
        return shop.open(config({"orders": source(path, format="parquet", **changes)}), as_of=as_of)

    return load


def test_parquet_without_footer_is_refused(shop, config, source):
    path = shop.write(b"PAR1" + b"x" * 100, "rows.parquet")
    with pytest.raises(InputError, match="not a whole Parquet file"):
        shop.open(config({"orders": source(path, format="parquet")}))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_timestamps_of_any_unit(shop, parquet, unit):
    loaded = parquet(
        {"customer": ["a"], "time": pa.array([1_704_103_200], pa.timestamp("s")).cast(pa.timestamp(unit)), "amount": [5.0]}
    )
    assert [row.time for row in shop.rows(loaded)] == [1_704_103_200_000_000]


def test_parquet_logical_types(shop, parquet):
    loaded = parquet(
        {
            "customer": pa.array(["a", "b"]).dictionary_encode(),
            "time": pa.array([19_723, 19_724], pa.int32()).cast(pa.date32()),
            "amount": pa.array(["1.25", "2.50"]).cast(pa.decimal128(10, 2)),
        }
    )
    assert [(row.id, row.day, row.amount) for row in shop.rows(loaded)] == [("a", 19_723, 125), ("b", 19_724, 250)]


def test_parquet_number_as_time_is_refused_with_advice(parquet):
    with pytest.raises(InputError, match=r"type BIGINT, which is no time.*\n.*epoch_seconds"):
        parquet({"customer": ["a"], "time": [1_704_103_200], "amount": [5.0]})


def test_parquet_bad_rows_are_quarantined_with_row_number(shop, parquet):
    loaded = parquet(
        {"customer": ["a", None, "b"], "time": pa.array([1, 2, 3], pa.timestamp("s")), "amount": [5.0, 1.0, float("nan")]}
    )
    assert loaded.reports[0].quarantined == {"missing:amount": 1, "missing_id": 1}
    lines = (shop.quarantine / "orders.csv").read_text().splitlines()
    assert [line.split(",")[1:3] for line in lines[1:]] == [["2", '"missing_id"'], ["3", '"missing:amount"']]
