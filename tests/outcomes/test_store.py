"""The store keeps every list and outcome once, whoever writes, however often, into whatever database."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from churnscope.errors import ConfigError, InputError, ServiceError, StorageError
from churnscope.outcomes import CALLABLE, Added, Answer, ListFacts, Outcome, StepTaken, Store, Ways, open_store, tables

from .conftest import DAY, FACTS, key, listed

LATER = ListFacts("bbbb000011112222", "spring", date(2024, 3, 8), "salt", 0.2)


def test_a_list_comes_back_as_it_was_recorded(store: Store) -> None:
    lines = listed("ann", "bob", "cem", control=("bob",))
    assert store.record_list(FACTS, lines)
    assert store.recorded(FACTS.list_id).facts == FACTS
    assert store.recorded(FACTS.list_id).lines == tuple(lines)
    assert store.lists() == (FACTS,)
    assert store.lists("autumn") == ()


def test_the_same_list_again_does_nothing(store: Store) -> None:
    assert store.record_list(FACTS, listed("ann", "bob"))
    assert not store.record_list(FACTS, reversed(listed("ann", "bob")))
    assert len(store.recorded(FACTS.list_id).lines) == 2


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        (replace(FACTS, share=0.1), listed("ann", "bob")),
        (FACTS, listed("ann")),
        (FACTS, listed("ann", "bob", control=("bob",))),
    ],
)
def test_another_list_of_the_same_id_is_refused_and_changes_nothing(store: Store, facts, lines) -> None:
    store.record_list(FACTS, listed("ann", "bob"))
    with pytest.raises(StorageError, match="another list is recorded under the id aaaa000011112222"):
        store.record_list(facts, lines)
    assert store.recorded(FACTS.list_id).lines == tuple(listed("ann", "bob"))


def test_a_customer_stands_on_a_list_once(store: Store) -> None:
    with pytest.raises(ValueError, match="two lines of a list are of one customer"):
        store.record_list(FACTS, listed("ann", "ann"))
    assert store.lists() == ()


def test_every_outcome_is_stored_known_corrected_or_unknown(store: Store) -> None:
    store.record_list(FACTS, listed("ann", "bob"))
    first = [Outcome(key("ann"), DAY, "no_answer", "after six"), Outcome(key("bob"), DAY, "accepted")]
    assert store.add_outcomes(first).stored == (0, 1)
    later = [
        Outcome(key("ann"), DAY, "no_answer", "after six"),
        Outcome(key("ann"), DAY, "refused"),
        Outcome(key("ann"), date(2024, 3, 2), "refused"),
        Outcome("0" * 16, DAY, "refused"),
    ]
    added = store.add_outcomes(later)
    assert (added.known, added.corrected, added.stored, added.unknown) == ((0,), (1,), (2,), (3,))
    assert store.outcomes([key("ann")]) == (later[1], later[2])
    assert store.corrected([key("ann"), key("bob")]) == (first[0],)
    assert set(store.recorded(FACTS.list_id).outcomes) == {later[1], first[1], later[2]}
    assert store.history()["result"].to_pylist() == ["refused", "refused", "accepted"]


def test_of_two_in_one_breath_the_later_counts(store: Store) -> None:
    store.record_list(FACTS, listed("ann"))
    said = [Outcome(key("ann"), DAY, result) for result in ("no_answer", "reached", "accepted")]
    assert store.add_outcomes(said) == Added((0,), (), (1, 2), ())
    assert store.outcomes([key("ann")]) == (said[2],)
    assert store.corrected([key("ann")]) == tuple(said[:2])


def test_a_file_that_was_added_before_stores_what_is_new_and_corrects_nothing(store: Store) -> None:
    store.record_list(FACTS, listed("ann", "bob"))
    older, newer = (Outcome(key("ann"), DAY, result) for result in ("no_answer", "accepted"))
    assert not store.has_file("f1")
    assert store.add_outcomes([older], "f1").stored == (0,)
    assert store.add_outcomes([newer], "f2").corrected == (0,)
    assert (store.has_file("f1"), store.has_file("f3")) == (True, False)
    assert store.add_outcomes([older, Outcome(key("bob"), DAY, "reached")], "f1") == Added((1,), (0,), (), ())
    assert store.outcomes([key("ann")]) == (newer,)


def test_a_store_of_before_corrections_learns_of_them(url: str) -> None:
    engine = sa.create_engine(url)
    new = {tables.CORRECTED.name, tables.OUTCOME_FILES.name}
    tables.METADATA.create_all(engine, tables=[table for table in tables.METADATA.sorted_tables if table.name not in new])
    said = Outcome(key("ann"), DAY, "no_answer")
    with engine.begin() as connection:
        connection.execute(tables.STORE.insert().values(format=3))
        connection.execute(tables.LISTS.insert().values(business="shop", **asdict(FACTS)))
        connection.execute(tables.LINES.insert().values(business="shop", list_id=FACTS.list_id, **asdict(listed("ann")[0])))
        connection.execute(tables.OUTCOMES.insert().values(business="shop", **asdict(said)))
    with open_store(url, "shop") as store:
        assert store.outcomes([key("ann")]) == (said,)
        assert store.add_outcomes([replace(said, result="accepted")], "f").corrected == (0,)
        assert store.corrected([key("ann")]) == (said,)
    with engine.connect() as connection:
        assert connection.execute(sa.select(tables.STORE.c.format)).scalars().all() == [4]
    engine.dispose()


def test_history_tells_every_attempt_and_every_line_without_one(store: Store) -> None:
    store.record_list(FACTS, listed("ann", "bob", control=("bob",)))
    store.record_list(LATER, listed("ann", facts=LATER))
    store.add_outcomes([Outcome(key("ann"), date(2024, 3, 4), "no_answer"), Outcome(key("ann"), date(2024, 3, 2), "no_answer")])
    rows = store.history().select(["customer_id", "list_id", "as_of", "arm", "day", "result"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("ann", FACTS.list_id, DAY, CALLABLE, date(2024, 3, 2), "no_answer"),
        ("ann", FACTS.list_id, DAY, CALLABLE, date(2024, 3, 4), "no_answer"),
        ("ann", LATER.list_id, LATER.as_of, CALLABLE, None, None),
        ("bob", FACTS.list_id, DAY, "control", None, None),
    ]
    assert store.history(["bob", "eve"])["customer_id"].to_pylist() == ["bob"]
    assert store.history([]).num_rows == 0


def test_history_of_more_customers_than_a_statement_takes(store: Store) -> None:
    everybody = [f"c{i:05d}" for i in range(2_000)]
    store.record_list(FACTS, listed(*everybody))
    assert store.history(everybody[5:])["customer_id"].to_pylist() == everybody[5:]
    assert set(store.lines(map(key, everybody))) == set(map(key, everybody))


def test_businesses_that_share_a_store_do_not_see_each_other(url: str) -> None:
    with open_store(url, "shop") as shop, open_store(url, "bank") as bank:
        shop.record_list(FACTS, listed("ann"))
        assert bank.lists() == ()
        assert bank.add_outcomes([Outcome(key("ann"), DAY, "reached")]).unknown == (0,)
        assert bank.record_list(FACTS, listed("bob"))
        assert shop.history()["customer_id"].to_pylist() == ["ann"]


def test_writers_at_the_same_time_store_each_outcome_once(url: str) -> None:
    everybody = [f"c{i}" for i in range(60)]
    outcomes = [Outcome(key(customer), DAY, "reached") for customer in everybody]

    def write(_: int) -> int:
        with open_store(url, "shop") as store:
            store.record_list(FACTS, listed(*everybody))
            return len(store.add_outcomes(outcomes).stored)

    with ThreadPoolExecutor(4) as pool:
        stored = list(pool.map(write, range(4)))
    assert sorted(stored) == [0, 0, 0, 60]
    with open_store(url, "shop") as store:
        assert len(store.recorded(FACTS.list_id).outcomes) == 60


def test_a_failure_in_the_middle_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("churnscope.outcomes.store._insert", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.record_list(FACTS, listed("ann"))
    assert store.lists() == ()


def test_a_store_of_a_newer_format_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FORMAT", 7)
    with open_store(url, "shop"):
        pass
    monkeypatch.undo()
    with (
        pytest.raises(StorageError, match=f"is of format 7; this version knows formats to {tables.FORMAT}"),
        open_store(url, "shop"),
    ):
        pass


def test_a_store_of_an_older_format_is_brought_up_to_date_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(url, "shop") as store:
        store.record_list(FACTS, listed("ann"))
    steps = []

    def add_column(connection: sa.Connection) -> None:
        steps.append(connection)
        connection.execute(sa.text("ALTER TABLE churnscope_lists ADD COLUMN owner TEXT"))

    monkeypatch.setattr(tables, "UPGRADES", {tables.FORMAT: add_column})
    monkeypatch.setattr(tables, "FORMAT", tables.FORMAT + 1)
    for _ in range(2):
        with open_store(url, "shop") as store:
            assert store.lists() == (FACTS,)
    assert len(steps) == 1


def test_a_store_of_the_first_format_learns_of_ways_back(url: str) -> None:
    engine = sa.create_engine(url)
    first = [tables.STORE, tables.LISTS, tables.LINES, tables.OUTCOMES]
    tables.METADATA.create_all(engine, tables=first)
    with engine.begin() as connection:
        connection.execute(tables.STORE.insert().values(format=1))
        connection.execute(tables.LISTS.insert().values(business="shop", **asdict(FACTS)))
    entered = StepTaken("ann", DAY, 0, DAY, CALLABLE)
    with open_store(url, "shop") as store:
        assert store.lists() == (FACTS,)
        assert store.win_back_ways(DAY) == Ways((), ())
        assert store.win_back_day(DAY, lambda _: (entered,)) == (entered,)
    with open_store(url, "shop") as store, open_store(url, "bakery") as other:
        assert store.win_back_ways(DAY + timedelta(days=1)).steps == (entered,)
        assert other.win_back_ways(DAY + timedelta(days=1)).steps == ()
    with engine.connect() as connection:
        assert connection.execute(sa.select(tables.STORE.c.format)).scalars().all() == [4]
    engine.dispose()


def test_a_day_is_decided_once_from_what_was_known_before_it(store: Store) -> None:
    later = DAY + timedelta(days=3)
    known: list[Ways] = []

    def decide(ways: Ways) -> tuple[StepTaken, ...]:
        known.append(ways)
        return (StepTaken("ann", DAY, len(known) - 1, (DAY, later)[len(known) - 1], CALLABLE),)

    first = store.win_back_day(DAY, decide)
    assert store.add_answers([Answer("ann", DAY, "no"), Answer("ann", later, "yes"), Answer("ann", DAY, "no")]) == (2, 1, 0)
    assert store.add_answers([Answer("ann", DAY, "maybe")]) == (0, 0, 1)
    store.win_back_day(later, decide)
    assert store.win_back_day(DAY, decide) == first
    assert known == [Ways((), ()), Ways(first, (Answer("ann", DAY, "no"),))]
    with pytest.raises(InputError, match="Nobody decided on 2024-03-02"):
        store.win_back_day(DAY + timedelta(days=1), decide)


def test_an_upgrade_that_fails_leaves_the_old_store(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(url, "shop") as store:
        store.record_list(FACTS, listed("ann"))

    def half_done(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE churnscope_lists ADD COLUMN owner TEXT"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tables, "UPGRADES", {tables.FORMAT: half_done})
        patched.setattr(tables, "FORMAT", tables.FORMAT + 1)
        with pytest.raises(KeyboardInterrupt), open_store(url, "shop"):
            pass
    with open_store(url, "shop") as store:
        assert store.lists() == (FACTS,)
    engine = sa.create_engine(url)
    assert "owner" not in {column["name"] for column in sa.inspect(engine).get_columns("churnscope_lists")}
    engine.dispose()


def test_of_a_person_the_store_holds_the_id_and_what_the_list_says() -> None:
    told = {table.name: set(table.c.keys()) for table in tables.METADATA.sorted_tables}
    assert told["churnscope_lines"] == {
        "business",
        "line_key",
        "list_id",
        "customer_id",
        "action",
        "arm",
        "rank",
        "probability",
        "value_at_risk",
        "expected_gain",
        "agent",
        "contact_cost",
        "offer_cost",
    }
    assert told["churnscope_outcomes"] == {"business", "line_key", "day", "result", "call_back"}


@pytest.mark.parametrize("url", ["nonsense", "marvel://host/db"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is no address of a database"), open_store(url, "shop"):
        pass


def test_a_driver_that_is_not_installed_is_named() -> None:
    with pytest.raises(ConfigError, match="needs the library pg8000"), open_store("postgresql+pg8000://host/db", "shop"):
        pass


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    address = f"postgresql+psycopg://ann:hunter2@/db?host={tmp_path}"
    with pytest.raises(ServiceError, match="cannot be used") as caught, open_store(address, "shop"):
        pass
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database at all, " * 50)
    notes, nowhere = f"sqlite:///{tmp_path / 'notes.db'}", f"sqlite:///{tmp_path / 'nowhere' / 'outcomes.db'}"
    with pytest.raises(StorageError, match="cannot be used: file is not a database"), open_store(notes, "shop"):
        pass
    with pytest.raises(StorageError, match="unable to open database file"), open_store(nowhere, "shop"):
        pass


def test_a_writer_waits_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("churnscope.outcomes.store.BUSY_SECONDS", 0.05)
    path = tmp_path / "outcomes.db"
    with open_store(f"sqlite:///{path}", "shop") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="database is locked"):
            store.record_list(FACTS, listed("ann"))
        other.execute("ROLLBACK")
        other.close()
        assert store.record_list(FACTS, listed("ann"))
