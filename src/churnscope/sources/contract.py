"""The contract of a source, judged on counts: what strays, what is too much, and what must add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import InputError
from churnscope.events.block import NO_DAY
from churnscope.sources.mapping import IGNORED

STRAY_DAYS = 366
_STRAY_SHARE = 0.999
_FEW_CUSTOMERS = 200
_LARGEST_SHARE = 0.2
_ADVICE = {
    "ragged_row": "Quote values that hold the delimiter, or mend the lines.",
    "invalid_utf8": "Declare csv.encoding under the source, or mend the lines.",
    "missing_id": 'Give the customer, or write missing_customer = "ignore" if anonymous rows are normal.',
    "control_character_in_id": "Remove invisible characters from the ids.",
    "scientific_id": "A spreadsheet has rounded these ids: export them as text.",
    "unknown_customer": "Add these customers to the customers file, or leave that source out.",
    "no_match": "Complete the joined file, or mend the key.",
    "not_a_date": "Write dates as 2024-02-28, or give the format under types.",
    "placeholder_date": "Leave the value empty, or exclude the rows by `where`.",
    "stray_date": "Mend the dates, or declare the unit they are written in under types.",
    "not_a_number": "Write numbers as 1234.56; csv.decimal declares a decimal comma.",
    "not_a_flag": "Write true or false, yes or no, 1 or 0.",
    "missing": "Fill the value in, or map an expression that says what it is.",
    "not_finite": "Mend the numbers, or exclude the rows by `where`.",
    "before_its_begin": "Mend the two days, or exclude the rows by `where`.",
    "term_length": "Say for every contract how long a term is: a whole number of months or days, at most a century.",
    "unknown_word": "Map an expression that says it in the words of the role.",
    "too_large": "Mend the amounts, or divide them in the mapping.",
}


@dataclass(frozen=True)
class Tally:
    """Rows of a source counted by verdict and day: a few thousand groups, whatever the number of rows.

    Parameters
    ----------
    fault, ignored, day : the group, each of shape (n_groups,); fault 0 and ignored 0 are used rows.
    rows, nobody, zoned, repeated, skipped, zero : rows in the group; of them without customer, with an offset, with odd wall
        times, of amount zero.
    """

    fault: NDArray[np.int64]
    ignored: NDArray[np.int64]
    day: NDArray[np.int64]
    rows: NDArray[np.int64]
    nobody: NDArray[np.int64]
    zoned: NDArray[np.int64]
    repeated: NDArray[np.int64]
    skipped: NDArray[np.int64]
    zero: NDArray[np.int64]

    @property
    def is_good(self) -> NDArray[np.bool_]:
        """Groups of rows that break no rule."""
        return np.asarray(self.fault == 0)

    def last_plausible_day(self) -> int | None:
        """The last day that is no stray: so many days after the day below which 99.9 % of the rows lie."""
        dated = self.is_good & (self.day != NO_DAY)
        if not dated.any():
            return None
        order = np.argsort(self.day[dated])
        heights = np.cumsum(self.rows[dated][order])
        place = int(_STRAY_SHARE * (heights[-1] - 1))
        return int(self.day[dated][order][np.searchsorted(heights, place, side="right")]) + STRAY_DAYS

    def after(self, day: int | None) -> NDArray[np.bool_]:
        """Groups of good rows dated after `day`."""
        return self.is_good & (self.day > day) if day is not None else np.zeros(len(self.day), np.bool_)

    def used(self, last_plausible: int | None, as_of: int) -> NDArray[np.bool_]:
        """Groups of rows that count on the day `as_of`, as far as the day decides."""
        return np.asarray(self.is_good & (self.ignored == 0) & (self.day < as_of) & ~self.after(last_plausible))

    def newest_day(self, last_plausible: int | None) -> int | None:
        """The newest day among rows that break no rule and stray not."""
        days = self.day[self.is_good & ~self.after(last_plausible) & (self.day != NO_DAY)]
        return int(days.max()) if len(days) else None


@dataclass(frozen=True)
class Breach:
    """A broken rule: how many rows, and where the first one stands."""

    rule: str
    rows: int
    file: str
    line: int


def refuse_loss(name: str, records: int, counted: int) -> None:
    """Raise `InputError` unless the engine has counted every record that the door has."""
    if records != counted:
        raise InputError(
            f"Source {name}: the files hold {records:,} records, but {counted:,} rows were read.",
            "Nothing was used. The files are malformed in a way that hides rows: write them again with a standard writer.",
        )


def refuse_mixed_zones(name: str, tally: Tally) -> None:
    """Raise `InputError` when some times of a source carry an offset and others do not."""
    dated = tally.day != NO_DAY
    zoned, dated_rows = int(tally.zoned[dated].sum()), int(tally.rows[dated].sum())
    if 0 < zoned < dated_rows:
        raise InputError(
            f"Source {name}: {zoned:,} of {dated_rows:,} times carry an offset from UTC, the others do not.",
            "Write all times with an offset, or none.",
        )


def refuse_too_many(name: str, rows_in: int, breaches: Sequence[Breach], most: float, kept_in: str) -> None:
    """Raise `InputError` when more rows break a rule than the config allows.

    Parameters
    ----------
    rows_in : rows of the source.
    most : the highest share that may be quarantined.
    kept_in : where the rows were written; empty when nowhere.
    """
    broken = sum(breach.rows for breach in breaches)
    if broken <= most * rows_in:
        return
    listed = "; ".join(f"{breach.rows:,} {breach.rule}, first {breach.file} line {breach.line:,}" for breach in breaches)
    where = f" (all: {kept_in})" if kept_in else ""
    raise InputError(
        f"Source {name}: {broken:,} of {rows_in:,} rows are refused, more than most_quarantined = {most:g} allows: "
        f"{listed}{where}.",
        " ".join(dict.fromkeys(advice_for(breach.rule) for breach in breaches)),
    )


def refuse_two_rows(name: str, rows: int, customers: int) -> None:
    """Raise `InputError` when a source of one row per customer has different rows for one of them."""
    if rows > customers:
        raise InputError(
            f"Source {name}: {rows:,} different rows stand for {customers:,} customers.",
            "Give each customer one row; which of them is true only you can know.",
        )


def refuse_two_states(name: str, rows: int, states: int) -> None:
    """Raise `InputError` when rows of one customer hold from the same time on and differ."""
    if rows > states:
        raise InputError(
            f"Source {name}: {rows - states:,} of {rows:,} rows hold from the same time on as another one of their customer, "
            "and differ from it.",
            "Keep the true one; or map `known`, and the one that was known last counts.",
        )


def advice_for(rule: str) -> str:
    """What to do about rows that break a rule."""
    return _ADVICE[rule.partition(":")[0]]


def reason_number(reason: str) -> int:
    """The number under which rows are marked as ignored for a reason."""
    return IGNORED.index(reason) + 1


def source_advice(
    *, rows: int, customers: int, largest: int, amounts_zero: int | None, is_many: bool, is_habit: bool = True
) -> list[str]:
    """Sentences about data that can be read but say too little.

    Parameters
    ----------
    rows, customers : used.
    largest : rows of the customer with the most.
    amounts_zero : used rows of amount zero; None where no amount is mapped.
    is_many : whether a customer may have several rows.
    is_habit : whether active customers should have them.
    """
    said = []
    if not rows:
        return ["No row is used: check `where` and the day up to which is read."]
    if customers < _FEW_CUSTOMERS:
        said.append(f"Only {customers:,} customers: a model wants at least {_FEW_CUSTOMERS}.")
    if is_many and largest > _LARGEST_SHARE * rows and customers > 1:
        share = f"{largest / rows:.0%}"
        said.append(f"One customer holds {share} of the rows: if it is a test or house account, exclude it by `where`.")
    if is_many and is_habit and rows < 2 * customers:
        said.append("Most customers have a single row: habits cannot be learnt from it.")
    if amounts_zero == rows:
        said.append("Every amount is zero: map another column, or leave amount out.")
    return said


def history_advice(first_day: int, as_of: int, needed_days: int) -> list[str]:
    """A sentence about a history that is too short to train on.

    Parameters
    ----------
    first_day : day of the first used row.
    as_of : first day that is not read.
    needed_days : what the activity rules look back on, and three outcome windows with their gaps: to fit, to stop, to test.
    """
    days = as_of - first_day
    if days >= needed_days:
        return []
    history = "1 day of history is" if days == 1 else f"{days:,} days of history are"
    return [f"{history} too few to train on: {needed_days:,} are needed. Shorten horizon_days, or add files."]
