"""A list that came back: which line each row is of, and what came of the call.

Rows are matched by the key of their line alone, so that they may be sorted, deleted, filtered or moved to other sheets, and the
file, its sheets and columns renamed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from churnscope.errors import InputError
from churnscope.files import file_sha256
from churnscope.outcomes.lines import ListFacts, Outcome
from churnscope.outcomes.sheets import Sheet, read_sheets
from churnscope.outcomes.store import Store
from churnscope.outcomes.words import day_in, header_in, key_in, moment_in, result_in

ROWS_WITH_HEADER = 30  # below which no header is looked for

NO_KEY, UNKNOWN = "no line key", "line of no recorded list"
NO_RESULT, NO_DAY, EARLY = "unreadable result", "unreadable day", "day before the list's"
DIFFERENT = "two results of one line and day"
RULES = (NO_KEY, UNKNOWN, NO_RESULT, NO_DAY, EARLY, DIFFERENT)


@dataclass(frozen=True)
class Refused:
    """A row that is not used: where it stands and why. Its cells stay in the file."""

    sheet: str
    row: int
    rule: str
    line_key: str = ""


@dataclass(frozen=True)
class AddedFile:
    """What became of a file's rows: `rows` is the sum of `stored`, `corrected`, `known`, `without_result` and those refused.

    Parameters
    ----------
    rows : those that name a line or a result.
    stored : results that are new.
    corrected : results that differ from what was stored of their line and day, and stand in its place now.
    known : results that were stored before, or stand in the file twice.
    without_result : lines not called yet.
    refused : rows that are not used.
    call_backs_left_out : notes of when to call back that are no day or time; their results are stored.
    """

    rows: int
    stored: int
    corrected: int
    known: int
    without_result: int
    refused: tuple[Refused, ...]
    call_backs_left_out: int


@dataclass(frozen=True)
class _Row:
    sheet: str
    number: int
    key: str | None
    result: object
    day: object
    call_back: object

    def refused(self, rule: str) -> Refused:
        return Refused(self.sheet, self.number, rule, self.key or "")


def add_file(store: Store, path: Path, *, day: date | None = None, day_format: str | None = None) -> AddedFile:
    """Add what came of calls from a list that came back.

    The file that is added last is right where two differ on one line and day. The same file again changes nothing, also after a
    later one corrected it.

    Parameters
    ----------
    day : of rows that name none; None: the day of their list.
    day_format : of days written as text, such as `%d/%m/%Y`; None: as 2024-02-28.

    Raises
    ------
    InputError : when the file cannot be read, or no column of line keys or of results is found in it.
    """
    rows, file = _rows(path, read_sheets(path)), file_sha256(path)
    told = [row for row in rows if row.result is not None]
    lists, stored = store.lines(row.key for row in rows if row.key), defaultdict[str, list[Outcome]](list)
    for outcome in store.outcomes(row.key for row in told if row.key):
        stored[outcome.line_key].append(outcome)
    refused, left_out = [row.refused(NO_KEY if row.key is None else UNKNOWN) for row in rows if row.key not in lists], 0
    found: list[tuple[_Row, Outcome]] = []
    for row in told:
        if row.key not in lists:
            continue
        read = _outcome(row, lists[row.key], day, day_format)
        if isinstance(read, Outcome):
            found.append((row, read))
            left_out += bool(row.call_back is not None and not read.call_back)
        else:
            refused.append(row.refused(read))
    usable, twice = _apart(found)
    was_added = store.has_file(file)
    refused += [row.refused(DIFFERENT) for row in twice]
    outcomes = [_as_stored(row, outcome, stored[outcome.line_key], was_added=was_added) for row, outcome in usable]
    added = store.add_outcomes(outcomes, file)
    refused += [usable[place][0].refused(UNKNOWN) for place in added.unknown]
    order = {sheet: place for place, sheet in enumerate(dict.fromkeys(row.sheet for row in rows))}
    return AddedFile(
        rows=len(rows),
        stored=len(added.stored),
        corrected=len(added.corrected),
        known=len(added.known),
        without_result=sum(row.result is None and row.key in lists for row in rows),
        refused=tuple(sorted(refused, key=lambda row: (order[row.sheet], row.row))),
        call_backs_left_out=left_out,
    )


def _outcome(row: _Row, facts: ListFacts, day: date | None, day_format: str | None) -> Outcome | str:
    """What a row tells, or the rule by which it is refused."""
    assert row.key is not None
    result, moment = result_in(row.result), moment_in(row.call_back, day_format)
    if result is None:
        return NO_RESULT
    call_back = moment.isoformat(timespec="minutes") if isinstance(moment, datetime) else moment.isoformat() if moment else ""
    called = (day or facts.as_of) if row.day is None else day_in(row.day, day_format)
    if called is None:
        return NO_DAY
    return EARLY if called < facts.as_of else Outcome(row.key, called, result, call_back)


def _as_stored(row: _Row, outcome: Outcome, stored: Sequence[Outcome], *, was_added: bool) -> Outcome:
    """Of a row without a day, what is stored of it already, for it is no second call: the same result, or what put it right."""
    if row.day is not None:
        return outcome
    same = [told for told in stored if told.result == outcome.result and outcome.call_back in {told.call_back, ""}]
    known = same or (stored if was_added else ())
    return known[-1] if known else outcome


def _apart(found: Sequence[tuple[_Row, Outcome]]) -> tuple[list[tuple[_Row, Outcome]], list[_Row]]:
    """Rows that agree with all others of their line and day, and those that do not."""
    said = defaultdict[tuple[str, date], set[Outcome]](set)
    for _, outcome in found:
        said[outcome.line_key, outcome.day].add(outcome)
    agree = [len(said[outcome.line_key, outcome.day]) == 1 for _, outcome in found]
    return [pair for pair, fits in zip(found, agree, strict=True) if fits], [
        row for (row, _), fits in zip(found, agree, strict=True) if not fits
    ]


def _rows(path: Path, sheets: Iterable[Sheet]) -> list[_Row]:
    """The rows of all sheets that hold lines."""
    found = [(sheet, columns) for sheet in sheets if (columns := _columns(path, sheet)) is not None]
    if not found:
        raise InputError(
            f"{path.name}: no column holds line keys, by which rows are matched.",
            "Send back the list itself, with its column line_key; other columns and rows may go.",
        )
    return [row for sheet, columns in found for row in _rows_of(sheet, *columns)]


def _rows_of(sheet: Sheet, header: int, columns: Mapping[str, int]) -> list[_Row]:
    read = []
    for number, cells in sheet.rows:
        if number > header:
            at = {name: cells[place] if place < len(cells) else None for name, place in columns.items()}
            row = _Row(sheet.name, number, key_in(at["line_key"]), at["result"], at.get("day"), at.get("call_back"))
            if at["line_key"] is not None or row.result is not None:
                read.append(row)
    return read


def _columns(path: Path, sheet: Sheet) -> tuple[int, dict[str, int]] | None:
    """The number of the header's row and where each column stands, by its header or else by what it holds."""
    header, named = _named(sheet)
    if "line_key" not in named:
        keys = Counter(place for _, cells in sheet.rows for place, cell in enumerate(cells) if key_in(cell) is not None)
        if not keys:
            return None
        named["line_key"] = keys.most_common(1)[0][0]
        if not header:
            first = next(number for number, cells in sheet.rows if key_in(_at(cells, named["line_key"])) is not None)
            header = first - 1
    if "result" not in named:
        named["result"] = _result_column(path, sheet, header, taken=set(named.values()))
    return header, named


def _named(sheet: Sheet) -> tuple[int, dict[str, int]]:
    """The first row with one of our headers in it, and the columns it names; 0 and none where there is no such row."""
    for number, cells in sheet.rows[:ROWS_WITH_HEADER]:
        named = {meaning: place for place, cell in reversed(list(enumerate(cells))) if (meaning := header_in(cell)) is not None}
        if "line_key" in named or "result" in named:
            return number, named
    return 0, {}


def _result_column(path: Path, sheet: Sheet, header: int, taken: set[int]) -> int:
    words = Counter(
        place
        for number, cells in sheet.rows
        for place, cell in enumerate(cells)
        if number > header and place not in taken and result_in(cell) is not None
    )
    if len(words) != 1:
        what = "more than one column may hold" if words else "no column holds"
        raise InputError(f"{path.name}: {what} the results of calls.", "Write result into the header of the column that does.")
    return next(iter(words))


def _at(cells: Sequence[object], place: int) -> object:
    return cells[place] if place < len(cells) else None
