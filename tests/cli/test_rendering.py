"""Results as text: aligned columns in a pipe, drawn tables on a terminal, the same words in both."""

import io

import pytest

from churnscope.cli.rendering import Table, plain_table, print_json, print_parts

TABLE = Table("Rows", "<>", (("used [bold]", "1,200"), ("quarantined", "3")), ("what", "rows"))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(stream, *parts):
    print_parts(parts, stream)
    return stream.getvalue()


def test_columns_are_aligned_and_nothing_trails():
    assert printed(io.StringIO(), "As of today.", TABLE) == (
        "As of today.\n"
        "\n"
        "Rows\n"
        "  what          rows\n"
        "  used [bold]  1,200\n"
        "  quarantined      3\n"
    )  # fmt: skip


def test_a_table_without_header_has_none():
    assert plain_table(Table("Rows", "<>", TABLE.rows)).splitlines()[1] == "  used [bold]  1,200"


def test_a_table_without_rows_is_its_title_and_header():
    assert plain_table(Table("Rows", "<>", (), ("what", "rows"))) == "Rows\n  what  rows"


def test_a_terminal_gets_the_same_words_and_no_text_is_taken_for_markup(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    drawn = printed(Terminal(), TABLE)
    assert all(word in drawn for word in ("Rows", "what", "used [bold]", "1,200", "quarantined"))


def test_json_keeps_letters_and_order():
    stream = io.StringIO()
    print_json({"b": "Zoë", "a": 1}, stream)
    assert stream.getvalue() == '{\n  "b": "Zoë",\n  "a": 1\n}\n'


def test_json_without_a_finite_number_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"lift": float("nan")}, io.StringIO())
