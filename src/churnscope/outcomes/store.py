"""The store of lists, outcomes and ways back: an SQLite file by default, any database that SQLAlchemy reaches otherwise.

Nothing is ever removed: a list and an outcome are written once, and writing them again does nothing. A result that a later file
puts right is kept beside the right one. Of a person it holds the customer id and what the list or alert says, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, ProgrammingError, SQLAlchemyError

from churnscope.config.secrets import redacted
from churnscope.errors import ConfigError, InputError, ServiceError, StorageError
from churnscope.outcomes.alerts import RememberedAlerts
from churnscope.outcomes.lines import Line, ListFacts, Outcome
from churnscope.outcomes.tables import (
    CORRECTED,
    LINES,
    LISTS,
    OUTCOME_FILES,
    OUTCOMES,
    WIN_BACK_ANSWERS,
    WIN_BACK_DAYS,
    WIN_BACK_STEPS,
    bring_up_to_date,
)
from churnscope.outcomes.won_back import Answer, Decide, StepTaken, Ways
from churnscope.outcomes.words import DO_NOT_CALL, result_in

BUSY_SECONDS = 30  # how long a writer of an SQLite file waits for another
TRIES = 5  # when another writer came first
AT_ONCE = 500  # rows or keys of one statement: below every database's limit of parameters
LONGEST_REASON = 300

Found = TypeVar("Found")

HISTORY = pa.schema(
    [
        ("customer_id", pa.string()),
        ("list_id", pa.string()),
        ("campaign", pa.string()),
        ("as_of", pa.date32()),
        ("line_key", pa.string()),
        ("action", pa.string()),
        ("arm", pa.string()),
        ("rank", pa.int64()),
        ("agent", pa.string()),
        ("day", pa.date32()),
        ("result", pa.string()),
        ("call_back", pa.string()),
    ]
)


@dataclass(frozen=True)
class Added:
    """What became of outcomes that were handed over, by their place among them.

    Parameters
    ----------
    stored : new ones.
    known : the same had been stored before, or their file had been added before.
    corrected : another result of that line and day was stored; it is history now.
    unknown : of lines that no recorded list has.
    """

    stored: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    corrected: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """A recorded list with its lines by rank, and the outcomes of these by day."""

    facts: ListFacts
    lines: tuple[Line, ...]
    outcomes: tuple[Outcome, ...]


class Store(RememberedAlerts):
    """Lists, outcomes and alerts of one business; made by `open_store`."""

    def __init__(self, engine: sa.Engine, business: str, place: str) -> None:
        self._engine, self._business, self.place = engine, business, place

    def record_list(self, facts: ListFacts, lines: Iterable[Line]) -> bool:
        """Remember a list, control included, once.

        Returns
        -------
        Whether it was new; the very same list a second time is not.

        Raises
        ------
        ValueError : when two of its lines are of one customer.
        StorageError : when another list was recorded under its id.
        """
        kept = list(lines)
        rows = {line.line_key: self._row(line) | {"list_id": facts.list_id} for line in kept}
        if len(rows) != len(kept):
            raise ValueError("two lines of a list are of one customer")

        def write(connection: sa.Connection) -> bool:
            known = self._lists(connection, LISTS.c.list_id == facts.list_id)
            if known:
                there = connection.execute(self._of(LINES).where(LINES.c.list_id == facts.list_id)).mappings()
                if known != [facts] or {row["line_key"]: dict(row) for row in there} != rows:
                    raise StorageError(
                        f"{self.place}: another list is recorded under the id {facts.list_id}.",
                        "Give this one an id of its own: a recorded list is never changed.",
                    )
                return False
            connection.execute(LISTS.insert(), [self._row(facts)])
            _insert(connection, LINES, rows.values())
            return True

        return self._written(write)

    def add_outcomes(self, outcomes: Sequence[Outcome], file: str | None = None) -> Added:
        """Remember what came of calls; of two that differ on one line and day the later one counts.

        Parameters
        ----------
        file : SHA-256 of the file they come from. One that was added before corrects nothing: a later one may have put right
            what it says.
        """

        def write(connection: sa.Connection) -> Added:
            keys = {outcome.line_key for outcome in outcomes}
            lines = self._found(connection, LINES, keys, LINES.c.line_key)
            known_lines = {row["line_key"] for row in lines}
            stored = {
                (row["line_key"], row["day"]): (row["result"], row["call_back"])
                for row in self._found(connection, OUTCOMES, keys, *OUTCOMES.c)
            }
            places: dict[str, list[int]] = {"stored": [], "known": [], "corrected": [], "unknown": []}
            new, right = dict[tuple[str, date], Outcome](), list[Outcome]()
            is_new_file = file is None or not self._has_file(connection, file)
            for place, outcome in enumerate(outcomes):
                what, where = _verdict(outcome, known_lines, stored), (outcome.line_key, outcome.day)
                places["known" if what == "corrected" and not is_new_file else what].append(place)
                if what == "stored":
                    new[where] = outcome
                elif what == "corrected" and is_new_file:
                    right.append(outcome)
                else:
                    continue
                stored[where] = (outcome.result, outcome.call_back)
            _insert(connection, OUTCOMES, map(self._row, new.values()))
            for outcome in right:
                self._correct(connection, outcome)
            if file is not None and is_new_file:
                connection.execute(OUTCOME_FILES.insert().values(business=self._business, file=file))
            return Added(**{name: tuple(found) for name, found in places.items()})

        return self._written(write)

    def has_file(self, file: str) -> bool:
        """Whether outcomes were added from the file of this SHA-256."""
        return self._read(lambda connection: self._has_file(connection, file))

    def corrected(self, keys: Iterable[str]) -> tuple[Outcome, ...]:
        """What was stored of some lines before a later file put it right: by day, the first one first."""
        found = self._read(lambda connection: self._found(connection, CORRECTED, set(keys), *CORRECTED.c))
        ordered = sorted(found, key=lambda row: (row["day"], row["line_key"], row["place"]))
        return tuple(_made(Outcome, row) for row in ordered)

    def lists(self, campaign: str | None = None) -> tuple[ListFacts, ...]:
        """The recorded lists, of one campaign or of all, the oldest first."""
        where = sa.true() if campaign is None else LISTS.c.campaign == campaign
        return tuple(self._read(lambda connection: self._lists(connection, where)))

    def recorded(self, list_id: str) -> Recorded:
        """A list with its lines and their outcomes.

        Raises
        ------
        KeyError : when no list of this id is recorded.
        """

        def read(connection: sa.Connection) -> Recorded:
            found = self._lists(connection, LISTS.c.list_id == list_id)
            if not found:
                raise KeyError(list_id)
            of_list = LINES.c.list_id == list_id
            lines = connection.execute(self._of(LINES).where(of_list).order_by(LINES.c.rank, LINES.c.line_key)).mappings()
            told = connection.execute(
                self._of(OUTCOMES)
                .join(LINES, sa.and_(LINES.c.business == OUTCOMES.c.business, LINES.c.line_key == OUTCOMES.c.line_key))
                .where(of_list)
                .order_by(OUTCOMES.c.day, OUTCOMES.c.line_key)
            ).mappings()
            return Recorded(
                found[0], tuple(_made(Line, row) for row in lines.all()), tuple(_made(Outcome, row) for row in told.all())
            )

        return self._read(read)

    def lines(self, keys: Iterable[str]) -> dict[str, ListFacts]:
        """By line key, the list it stands on; keys of no recorded list are left out."""

        def read(connection: sa.Connection) -> dict[str, ListFacts]:
            lists = {facts.list_id: facts for facts in self._lists(connection, sa.true())}
            found = self._found(connection, LINES, set(keys), LINES.c.line_key, LINES.c.list_id)
            return {row["line_key"]: lists[row["list_id"]] for row in found}

        return self._read(read)

    def outcomes(self, keys: Iterable[str]) -> tuple[Outcome, ...]:
        """The stored outcomes of some lines, by day."""
        found = self._read(lambda connection: self._found(connection, OUTCOMES, set(keys), *OUTCOMES.c))
        return tuple(sorted((_made(Outcome, row) for row in found), key=lambda told: (told.day, told.line_key)))

    def history(self, customers: Iterable[str] | None = None) -> pa.Table:
        """What was tried with customers and what came of it, ordered by customer, list day, list and day.

        Parameters
        ----------
        customers : ids; None: all.

        Returns
        -------
        A row per line and outcome, with the columns of `HISTORY`; of a line without outcome one row, `day`, `result` and
        `call_back` missing.
        """
        asked = None if customers is None else frozenset(customers)
        same_line = sa.and_(OUTCOMES.c.business == LINES.c.business, OUTCOMES.c.line_key == LINES.c.line_key)
        same_list = sa.and_(LISTS.c.business == LINES.c.business, LISTS.c.list_id == LINES.c.list_id)
        owners = {name: table for table in (OUTCOMES, LISTS, LINES) for name in table.columns.keys()}  # noqa: SIM118 (a collection of columns, not of names)
        query = (
            sa.select(*(owners[name].c[name] for name in HISTORY.names))
            .select_from(LINES.join(LISTS, same_list).outerjoin(OUTCOMES, same_line))
            .where(LINES.c.business == self._business)
        )

        def read(connection: sa.Connection) -> list[tuple[Any, ...]]:
            if asked is None or len(asked) > AT_ONCE:
                rows = connection.execute(query)
                return [tuple(row) for row in rows if asked is None or row[0] in asked]
            return [tuple(row) for row in connection.execute(query.where(LINES.c.customer_id.in_(sorted(asked))))]

        first, listed, at, told = (HISTORY.names.index(name) for name in ("customer_id", "list_id", "as_of", "day"))
        rows = sorted(self._read(read), key=lambda row: (row[first], row[at], row[listed], row[told] or date.min))
        columns = zip(*rows, strict=True) if rows else [()] * len(HISTORY)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, HISTORY, strict=True)]
        return pa.table(arrays, schema=HISTORY)

    def win_back_day(self, day: date, decide: Decide) -> tuple[StepTaken, ...]:
        """Who enters and who gets which step on a day: decided once, from what was known before it, and the same ever after.

        Raises
        ------
        InputError : when it was not decided then, and a later day has been.
        """

        def write(connection: sa.Connection) -> tuple[StepTaken, ...]:
            of_business = WIN_BACK_DAYS.c.business == self._business
            days = set(connection.execute(sa.select(WIN_BACK_DAYS.c.day).where(of_business)).scalars())
            if day in days:
                return self._steps(connection, WIN_BACK_STEPS.c.day == day)
            if days and max(days) > day:
                raise InputError(
                    f"Nobody decided on {day} who gets which step, and {max(days)} has been decided since.",
                    "Name that day or a later one: a customer's way is never changed.",
                )
            known = self._ways(connection, day)
            found = decide(known)
            connection.execute(WIN_BACK_DAYS.insert(), [{"business": self._business, "day": day}])
            _insert(connection, WIN_BACK_STEPS, map(self._row, found))
            return self._steps(connection, WIN_BACK_STEPS.c.day == day)

        return self._written(write)

    def win_back_ways(self, before: date) -> Ways:
        """Who entered, which step they got, and what they answered before a day."""
        return self._read(lambda connection: self._ways(connection, before))

    def asked_for_silence(self) -> frozenset[str]:
        """Customers who answered, on whatever day, that they are not to be contacted."""
        told = self._read(lambda connection: list(connection.execute(self._of(WIN_BACK_ANSWERS)).mappings()))
        return frozenset(row["customer_id"] for row in told if result_in(row["answer"]) == DO_NOT_CALL)

    def add_answers(self, answers: Sequence[Answer]) -> tuple[int, int, int]:
        """Remember what customers answered; how many are new, known, and contradict the one of their day, which stays."""

        def write(connection: sa.Connection) -> tuple[int, int, int]:
            there = self._of(WIN_BACK_ANSWERS)
            stored = {(row["customer_id"], row["day"]): row["answer"] for row in connection.execute(there).mappings()}
            new, known, other = [], 0, 0
            for answer in answers:
                said = stored.get((answer.customer_id, answer.day))
                if said is None:
                    stored[answer.customer_id, answer.day] = answer.answer
                    new.append(self._row(answer))
                else:
                    known, other = known + (said == answer.answer), other + (said != answer.answer)
            _insert(connection, WIN_BACK_ANSWERS, new)
            return len(new), known, other

        return self._written(write)

    def _ways(self, connection: sa.Connection, before: date) -> Ways:
        answers = self._of(WIN_BACK_ANSWERS).where(WIN_BACK_ANSWERS.c.day < before)
        ordered = answers.order_by(WIN_BACK_ANSWERS.c.day, WIN_BACK_ANSWERS.c.customer_id)
        told = tuple(_made(Answer, row) for row in connection.execute(ordered).mappings().all())
        return Ways(self._steps(connection, WIN_BACK_STEPS.c.day < before), told)

    def _steps(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[StepTaken, ...]:
        columns = WIN_BACK_STEPS.c
        query = self._of(WIN_BACK_STEPS).where(where).order_by(columns.day, columns.place, columns.customer_id)
        return tuple(_made(StepTaken, row) for row in connection.execute(query).mappings().all())

    def _has_file(self, connection: sa.Connection, file: str) -> bool:
        query = self._of(OUTCOME_FILES).where(OUTCOME_FILES.c.file == file)
        return connection.execute(query).first() is not None

    def _correct(self, connection: sa.Connection, outcome: Outcome) -> None:
        """Put a stored outcome right, and keep what stood there."""

        def same(table: sa.Table) -> sa.ColumnElement[bool]:
            return sa.and_(table.c.business == self._business, table.c.line_key == outcome.line_key, table.c.day == outcome.day)

        before = _made(Outcome, connection.execute(sa.select(OUTCOMES).where(same(OUTCOMES))).mappings().one())
        place = connection.execute(sa.select(sa.func.count()).select_from(CORRECTED).where(same(CORRECTED))).scalar_one()
        connection.execute(CORRECTED.insert().values(place=place, **self._row(before)))
        values = {"result": outcome.result, "call_back": outcome.call_back}
        connection.execute(OUTCOMES.update().where(same(OUTCOMES)).values(**values))

    def _row(self, record: ListFacts | Line | Outcome | StepTaken | Answer) -> dict[str, Any]:
        return {"business": self._business} | asdict(record)

    def _of(self, table: sa.Table) -> sa.Select[Any]:
        return sa.select(*table.c).where(table.c.business == self._business)

    def _lists(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[ListFacts]:
        query = self._of(LISTS).where(where).order_by(LISTS.c.as_of, LISTS.c.list_id)
        return [_made(ListFacts, row) for row in connection.execute(query).mappings().all()]

    def _found(
        self, connection: sa.Connection, table: sa.Table, keys: set[str], *columns: sa.ColumnElement[Any]
    ) -> list[Mapping[str, Any]]:
        """The rows of these line keys."""
        query = sa.select(*columns).where(table.c.business == self._business)
        pieces = _pieces(sorted(keys))
        return [
            dict(row) for piece in pieces for row in connection.execute(query.where(table.c.line_key.in_(piece))).mappings()
        ]

    def _read(self, read: Callable[[sa.Connection], Found]) -> Found:
        with _failures(self.place), self._engine.connect() as connection:
            return read(connection)

    def _written(self, write: Callable[[sa.Connection], Found]) -> Found:
        """Write all or nothing; where another writer came first, look again at what there is."""
        with _failures(self.place):
            return _again(lambda: _in_transaction(self._engine, write))


@contextmanager
def open_store(url: str, business: str) -> Iterator[Store]:
    """The store of a database, made or brought up to date where needed.

    Parameters
    ----------
    url : of SQLAlchemy, such as `sqlite:///outputs/shop/outcomes.db` or `postgresql+psycopg://...`.
    business : the name of the config: every one has lists of its own.

    Raises
    ------
    ConfigError : when the address cannot be understood, or the database's driver is not installed.
    ServiceError : when the database does not answer.
    StorageError : when it is of a newer format, or an SQLite file cannot be opened.
    """
    place = redacted(url)
    engine = _engine(url, place)
    try:
        with _failures(place):
            _again(lambda: _in_transaction(engine, lambda connection: bring_up_to_date(connection, place)))
        yield Store(engine, business, place)
    finally:
        engine.dispose()


def _engine(url: str, place: str) -> sa.Engine:
    try:
        engine = sa.create_engine(url)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError(
            f"[outcomes] url {place} is no address of a database.",
            "Write it as postgresql+psycopg://${USER}:${PASSWORD}@host/name, or leave it out for a file in the outputs folder.",
        ) from error
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"[outcomes] url {place} needs the library {error.name}, which is not installed.",
            'For PostgreSQL: pip install "churnscope[postgres]"',
        ) from error
    if engine.dialect.name == "sqlite":
        _lock_on_begin(engine)
    return engine


def _lock_on_begin(engine: sa.Engine) -> None:
    """Let transactions of SQLite be SQLAlchemy's: one that will write takes the lock before it reads, and waits for it."""

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # Python's own way would begin behind our back, and commit before DDL
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _in_transaction(engine: sa.Engine, work: Callable[[sa.Connection], Found]) -> Found:
    with engine.execution_options(writes=True).begin() as connection:
        return work(connection)


def _again(work: Callable[[], Found]) -> Found:
    """Do it again where another writer had the same rows or tables made in between."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except (IntegrityError, ProgrammingError):
            continue
    return work()


@contextmanager
def _failures(place: str) -> Iterator[None]:
    """What a database refuses, without the rows it was sent."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or type(error).__name__)
        reason = redacted(cause).partition("\n")[0][:LONGEST_REASON]
        if place.startswith("sqlite"):
            raise StorageError(
                f"The store of outcomes {place} cannot be used: {reason}.",
                "Check that the folder is there, may be written and has room, and that the file is a store of outcomes.",
            ) from None
        raise ServiceError(
            f"The store of outcomes {place} cannot be used: {reason}.",
            "Check the address under [outcomes] and that it answers.",
        ) from None


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
    for piece in _pieces(rows):
        connection.execute(table.insert(), [dict(row) for row in piece])


def _pieces(rows: Iterable[Found]) -> Iterator[list[Found]]:
    ahead = iter(rows)
    while piece := list(islice(ahead, AT_ONCE)):
        yield piece


def _verdict(outcome: Outcome, lines: set[str], stored: Mapping[tuple[str, date], tuple[str, str]]) -> str:
    if outcome.line_key not in lines:
        return "unknown"
    there = stored.get((outcome.line_key, outcome.day))
    if there is None:
        return "stored"
    result, call_back = there
    is_same = outcome.result == result and outcome.call_back in {call_back, ""}  # an empty cell takes nothing back
    return "known" if is_same else "corrected"


def _made(kind: type[Found], row: Mapping[Any, Any]) -> Found:
    return kind(**{field.name: row[field.name] for field in fields(kind)})  # type: ignore[arg-type]
