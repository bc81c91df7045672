"""`win-back answers`: what customers answered to a survey, from a file into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from churnscope import __version__
from churnscope.config.identity import config_hash
from churnscope.config.models import Config
from churnscope.errors import InputError
from churnscope.files import file_sha256
from churnscope.operations.run import RunFacts, recorded
from churnscope.outcomes import Answer, Ways
from churnscope.outcomes.sheets import Sheet, read_sheets
from churnscope.outcomes.words import day_in, plain
from churnscope.project.money.outcomes import store_of
from churnscope.project.session import Folders
from churnscope.project.win_back.next_steps import settings_of
from churnscope.project.win_back.won_back import AnswersResult

HEADERS = {
    "customer": ("customer id", "customer", "id"),
    "answer": ("answer", "reason", "response"),
    "day": ("day", "date", "answered on"),
}
LONGEST_ANSWER = 200
NO_STEP, NO_DAY, EARLY, DIFFERENT = (
    "customer without a step",
    "unreadable day",
    "day before the first step",
    "another answer is stored of that customer and day",
)


@dataclass(frozen=True)
class _Told:
    """The cells of a row."""

    customer: str
    answer: str
    day: object


def add_answers(config: Config, file: Path, day: date | None, day_format: str | None) -> AnswersResult:
    """Add what customers answered; `Project.add_answers` says more."""
    settings_of(config)
    with recorded(Folders.of(config).ledger, "win-back-answers") as record, store_of(config) as store:
        facts = RunFacts(
            command="win-back answers",
            as_of="" if day is None else day.isoformat(),
            version=__version__,
            config=config_hash(config),
            inputs={file.name: file_sha256(file)},
        )
        record.run_id = facts.run_id
        told = list(_rows(file))
        days = _days_of_steps(store.win_back_ways(date.max))
        refused, answers = Counter[str](), []
        for row in told:
            if row.answer:
                found = _answer(row, days.get(row.customer, ()), day, day_format)
                if isinstance(found, Answer):
                    answers.append(found)
                else:
                    refused[found] += 1
        stored, known, other = store.add_answers(answers)
        refused += Counter({DIFFERENT: other})
        without = sum(not row.answer for row in told)
        record.counts = {"rows": len(told), "stored": stored, "known": known, "refused": sum(refused.values())}
    return AnswersResult(config.name, file, len(told), stored, known, without, dict(refused))


def _days_of_steps(ways: Ways) -> dict[str, list[date]]:
    """By customer, the days on which they got a step."""
    days: dict[str, list[date]] = {}
    for step in ways.steps:
        if step.place:
            days.setdefault(step.customer_id, []).append(step.day)
    return days


def _answer(row: _Told, days: Sequence[date], day: date | None, day_format: str | None) -> Answer | str:
    """What a row tells of a customer with steps on these days, or the rule by which it is not used."""
    if not days:
        return NO_STEP
    said = (day or max(days)) if row.day is None else day_in(row.day, day_format)
    if said is None:
        return NO_DAY
    return EARLY if said < min(days) else Answer(row.customer, said, row.answer[:LONGEST_ANSWER])


def _rows(file: Path) -> Iterator[_Told]:
    """The rows of the first sheet whose header names customers and answers.

    Raises
    ------
    InputError : when there is none.
    """
    for sheet in read_sheets(file):
        header, columns = _columns(sheet)
        if {"customer", "answer"} <= columns.keys():
            for number, cells in sheet.rows:
                at = {name: cells[place] if place < len(cells) else None for name, place in columns.items()}
                if number > header and at["customer"] is not None:
                    yield _Told(_text(at["customer"]), _text(at["answer"]), at.get("day"))
            return
    raise InputError(f"{file.name}: no header names customers and their answers.", "Name the columns customer_id and answer.")


def _columns(sheet: Sheet) -> tuple[int, Mapping[str, int]]:
    if not sheet.rows:
        return 0, {}
    number, cells = sheet.rows[0]
    words = {plain(cell): place for place, cell in reversed(list(enumerate(cells))) if isinstance(cell, str)}
    return number, {
        name: next(words[word] for word in known if word in words)
        for name, known in HEADERS.items()
        if any(word in words for word in known)
    }


def _text(cell: object) -> str:
    """A cell as text, without the apostrophe that keeps a spreadsheet from running it."""
    return ("" if cell is None else str(cell)).strip().removeprefix("'")
