"""Pieces of HTML for a notebook."""

from datetime import date

import pyarrow as pa

from churnscope.reports.page import Cell, Table
from churnscope.reports.snippets import grid, shown_rows, table


def test_numbers_of_a_column_have_decimals_alike_and_stand_to_the_right():
    columns = {
        "id": ["a", "b"],
        "days": pa.array([9.0, None], pa.float32()),
        "spend": [1_234_567.89, 2.5],
        "share": [0.12345, 0.9],
    }
    shown = shown_rows(pa.table(columns), 10, "a customer")
    for text in ("9", "", "1,234,568", "2", "0.123", "0.900"):
        assert f'<td style="text-align: right">{text}</td>' in shown
    assert '<td style="text-align: left">a</td>' in shown
    assert "2 rows, each a customer" in shown


def test_wide_tables_say_how_much_is_not_shown():
    shown = shown_rows(pa.table({f"c{number}": [1] for number in range(11)}), 10, "a customer")
    assert "c7" in shown
    assert "c8" not in shown
    assert "3 more columns" in shown
    long = shown_rows(pa.table({f"{'a' * 40}_{number}": [1] for number in range(4)}), 10, "a customer")
    assert "2 more columns" in long


def test_a_date_stays_in_one_line():
    shown = shown_rows(pa.table({"cutoff": [date(2024, 2, 28)]}), 10, "a cutoff")
    assert '<td style="text-align: left; white-space: nowrap">2024-02-28</td>' in shown


def test_cells_are_escaped_and_show_what_is_small_and_whether_it_is_good():
    shown = grid([("<b>", Cell("0.77", "0.75 to 0.79\nbetter", "good"))], ("", "AUROC"), "<>")
    assert "&lt;b&gt;" in shown
    assert '<span style="color: #1a7f4b">0.77</span><br/>' in shown
    assert shown.count("<br/>") == 2
    assert "<br/>" not in grid([(Cell("", "a reason"),)])


def test_a_table_of_a_report_stands_under_its_caption():
    shown = table(Table("All of it", "<>", ("rule", "AUROC"), (("model", "0.8"),)))
    assert shown.startswith("<p>All of it</p><table><thead>")
    assert '<th style="text-align: right">AUROC</th>' in shown
