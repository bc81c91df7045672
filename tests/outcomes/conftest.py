"""Stores to test with: SQLite, and PostgreSQL where its server can be started here."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest

from churnscope.outcomes import CALLABLE, CONTROL, Line, ListFacts, Store, line_key, open_store

DAY = date(2024, 3, 1)
FACTS = ListFacts("aaaa000011112222", "spring", DAY, "salt", 0.2)


def listed(*customers: str, facts: ListFacts = FACTS, control: tuple[str, ...] = ()) -> list[Line]:
    """A list in that order."""
    return [
        Line(
            line_key(facts.list_id, customer),
            customer,
            "service_call",
            CONTROL if customer in control else CALLABLE,
            rank,
            probability=0.5,
            value_at_risk=100.0,
            expected_gain=20.0,
            agent=None if customer in control else "Ana",
        )
        for rank, customer in enumerate(customers, start=1)
    ]


def key(customer: str, facts: ListFacts = FACTS) -> str:
    return line_key(facts.list_id, customer)


Opened = Callable[..., AbstractContextManager[Store]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a server of this session's own, reached by a socket in its folder."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("no PostgreSQL server is installed")
    user = _server_user()
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:  # the path of a socket has little room
        if user:
            shutil.chown(folder, **user)
        data = Path(folder) / "data"
        _run(["initdb", "-D", data, "-U", "tester", "-A", "trust", "-N"], user)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        try:
            _run(["pg_ctl", "-D", data, "-l", Path(folder) / "log", "-w", "-o", options, "start"], user)
            yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        finally:
            _run(["pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)


def _server_user() -> dict | None:
    """Under whom the server runs: root may not."""
    if os.getuid() != 0:
        return {}
    there = [entry.pw_name for entry in pwd.getpwall() if entry.pw_name in {"postgres", "nobody"}]
    return {"user": max(there), "group": pwd.getpwnam(max(there)).pw_gid} if there else None


def _run(words: list, user: dict) -> None:
    ended = subprocess.run(
        list(map(str, words)),
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        timeout=60,
        **user,
    )
    if ended.returncode:
        pytest.skip(f"the PostgreSQL server cannot be started here: {words[0]} says {ended.stderr.strip()[-200:]}")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outcomes.db'}"
    import sqlalchemy as sa

    address = request.getfixturevalue("postgres")
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return address


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url, "shop") as opened:
        yield opened
