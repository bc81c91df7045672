"""A call list as a workbook: a sheet for every agent, with room for what came of each call.

Every text is written as text: nothing that stands in the data becomes a formula, a link or a number. There is no clock in the
file, so the same list gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from churnscope.config.call_list import OUTCOME_COLUMNS
from churnscope.languages import ENGLISH, Language, Message

MOST_LINES = 20_000  # of a sheet: nobody calls more, and a workbook of a million rows opens nowhere
MOST_SHEET_NAME = 31
FIRST_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 (the day a workbook says it was made; a true one would be a clock in the file)

PLAIN_WIDTH = 16
WIDTHS: Final = {
    "rank": 6,
    "customer_id": 14,
    "action": 20,
    "channel": 9,
    "minutes": 9,
    "item_to_offer": 26,
    "occasion": 14,
    "occasion_day": 12,
    "opening": 60,
    "churn_probability": 12,
    "risk_band": 8,
    "stage": 11,
    "value_at_risk": 12,
    "expected_gain": 12,
    "reason_1": 38,
    "reason_2": 38,
    "reason_3": 38,
    "listed": 8,
    "tries": 6,
    "last_contact": 12,
    "line_key": 19,
    "result": 15,
    "called_on": 12,
    "call_back": 12,
    "note": 32,
}
_FORMS: Final = {
    "churn_probability": "0%",
    "minutes": "0.#",
    "rank": "0",
    "tries": "0",
}
_DAYS = {"called_on", "call_back"}
_SAID = {"channel", "occasion", "risk_band", "listed"}  # in words of ours
_WRAPPED = {"item_to_offer", "opening", "reason_1", "reason_2", "reason_3", "note"}
_LAST = ("reason_1", "reason_2", "reason_3", "listed", "tries", "call_back_noted", "last_contact", "line_key")
_WHERE_KNOWN = {
    "item_to_offer",
    "occasion",
    "occasion_day",
    "stage",
    "tries",
    "call_back_noted",
    "last_contact",
}  # left out where nobody has any
_ELSEWHERE = {"agent", "ranked_by", "campaign", "as_of", "run_id"}  # on top of the sheet, or nobody's business on the phone
LIST_TITLE, RESULT_TITLE, CHOOSE = "Call list", "What came of the call", "Choose one of: {choices}."
TEXTS: Final = (LIST_TITLE, RESULT_TITLE, CHOOSE)
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


@dataclass(frozen=True)
class Wording:
    """How a sheet speaks: its language, and by the name of an action what it is called there."""

    language: Language = ENGLISH
    actions: Mapping[str, str] = field(default_factory=dict)

    def text(self, column: str, value: str) -> str:
        """A text of a column as the sheet shows it."""
        if column == "action":
            return self.actions.get(value, value)
        if column == "stage":  # "new" alone is said of a line that is new on the list
            return self.language.texts.get(f"{value} customer", value)
        if column == "call_back_noted":
            return self._moment(value)
        return self.language.text(value.replace("_", " ")) if column in _SAID else value

    def _moment(self, value: str) -> str:
        """A day, and the time of the day where there is one, as the language writes it; any other note as it stands."""
        day, _, time = value.partition("T")
        return f"{self.language.day(date.fromisoformat(day))} {time}".strip() if _A_DAY.fullmatch(day) else value


def write_workbook(
    lines: pa.Table,
    agents: Sequence[str],
    shown: Sequence[str],
    results: Sequence[str],
    stream: BinaryIO,
    *,
    wordings: Sequence[Wording] | None = None,
) -> int:
    """Write the lines of every agent to a sheet of their own.

    Parameters
    ----------
    lines : the list, the first customer first.
    agents : in the order of the sheets.
    shown : the columns of contact details, which stand beside the customer.
    results : what can come of a call.
    wordings : how the sheet of each agent speaks; default: English.

    Returns
    -------
    Rows written.
    """
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    speaks = wordings or [Wording()] * len(agents)
    book.set_properties({"title": speaks[0].language.text(LIST_TITLE), "created": FIRST_DAY})
    book.set_calc_mode("manual")
    styles = {each.language: _Styles.of(book, each.language) for each in speaks}
    rows, choices = 0, [result.replace("_", " ") for result in results]
    for agent, name, wording in zip(agents, _sheet_names(agents), speaks, strict=True):
        own = lines.filter(pc.equal(lines.column("agent"), agent)).slice(0, MOST_LINES)
        _sheet(book.add_worksheet(name), own, shown, choices, styles=styles[wording.language], wording=wording)
        rows += own.num_rows
    book.close()
    return rows


@dataclass(frozen=True)
class _Styles:
    """How cells look; `of_column` by the column's name."""

    header: Any
    plain: Any
    wrapped: Any
    text: Any
    entry: Any
    day_entry: Any
    of_column: dict[str, Any]

    @classmethod
    def of(cls, book: Any, language: Language) -> _Styles:
        top = {"valign": "top"}
        blank = {**top, "bg_color": "#FFF8E1", "border": 1, "border_color": "#D8CFB0"}
        written = {
            **_FORMS,
            "value_at_risk": language.money_form(0),
            "expected_gain": language.money_form(2),
            "last_contact": language.day_form,
        }
        forms = {name: book.add_format({**top, "num_format": form}) for name, form in written.items()}
        return cls(
            header=book.add_format(
                {
                    "bold": True,
                    "bg_color": "#1F3A5F",
                    "font_color": "#FFFFFF",
                    "text_wrap": True,
                    "valign": "vcenter",
                    "border": 1,
                }
            ),
            plain=book.add_format(top),
            wrapped=book.add_format({**top, "text_wrap": True}),
            text=book.add_format({**top, "num_format": "@"}),  # a phone number keeps its plus and its zeros
            entry=book.add_format({**blank, "num_format": "@"}),
            day_entry=book.add_format({**blank, "num_format": language.day_form}),
            of_column=forms,
        )

    def of_entry(self, name: str) -> Any:
        """Of a cell to be filled in."""
        return self.day_entry if name in _DAYS else self.entry

    def of_text(self, name: str, shown: Sequence[str]) -> Any:
        """Of a text cell."""
        if name in _WRAPPED:
            return self.wrapped
        return self.text if name in shown or name in {"customer_id", "line_key"} else self.plain


def _sheet(sheet: Any, lines: pa.Table, shown: Sequence[str], results: list[str], *, styles: _Styles, wording: Wording) -> None:
    language = wording.language
    choices = [language.text(result) for result in results]
    known = [name for name in lines.column_names if name not in _WHERE_KNOWN or lines.column(name).null_count < lines.num_rows]
    names = _columns(known, shown)
    for place, name in enumerate(names):
        sheet.write_string(0, place, language.text(title(name)), styles.header)
        sheet.set_column(place, place, WIDTHS.get(name, PLAIN_WIDTH), None, {"hidden": name == "line_key"})
    for name in names:
        place = names.index(name)
        if name in OUTCOME_COLUMNS:
            for row in range(1, lines.num_rows + 1):
                sheet.write_blank(row, place, None, styles.of_entry(name))
            continue
        for row, value in enumerate(lines.column(name).to_pylist(), start=1):
            shown_value = wording.text(name, value) if isinstance(value, str) and name not in shown else value
            _cell(sheet, row, place, shown_value, styles.of_column.get(name) or styles.of_text(name, shown))
    last = max(lines.num_rows, 1)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, names.index("customer_id") + 1)
    sheet.autofilter(0, 0, last, len(names) - 1)
    gain, result = names.index("expected_gain"), names.index("result")
    scale = {"type": "3_color_scale", "min_color": "#FFFFFF", "mid_color": "#CDE7D8", "max_color": "#5FB58A"}
    sheet.conditional_format(1, gain, last, gain, scale)
    sheet.data_validation(
        1,
        result,
        last,
        result,
        {
            "validate": "list",
            "source": choices,
            "error_title": language.text(RESULT_TITLE),
            "error_message": language.say(Message(CHOOSE, {"choices": ", ".join(choices)})),
        },
    )
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cell(sheet: Any, row: int, place: int, value: object, style: Any) -> None:
    if value is None:
        sheet.write_blank(row, place, None, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, style)
    elif isinstance(value, (int, float)):
        sheet.write_number(row, place, value, style)
    else:
        sheet.write_string(row, place, str(value), style)


def _columns(names: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Who, what to say and what came of it first; why, and the key, last."""
    middle = [name for name in names if name not in {"rank", "customer_id", *shown, *_LAST, *_ELSEWHERE}]
    return ["rank", "customer_id", *shown, *middle, *OUTCOME_COLUMNS, *(name for name in _LAST if name in names)]


def title(name: str) -> str:
    """The heading of a column.

    Examples
    --------
    >>> title("customer_id"), title("value_at_risk")
    ('Customer', 'Value at risk')
    """
    words = name.replace("_", " ").replace(" id", "")
    return f"{words[:1].upper()}{words[1:]}"


def _sheet_names(agents: Sequence[str]) -> Iterator[str]:
    """Names that a workbook takes: short, without its signs, each once whatever the case."""
    taken: set[str] = set()
    for number, agent in enumerate(agents, start=1):
        name = _NOT_IN_NAMES.sub(" ", agent).strip().strip("'")[:MOST_SHEET_NAME].strip() or f"Agent {number}"
        if name.casefold() in taken or name.casefold() == "history":  # a name that spreadsheets keep to themselves
            name = f"{name[: MOST_SHEET_NAME - 4]} {number}"
        taken.add(name.casefold())
        yield name
