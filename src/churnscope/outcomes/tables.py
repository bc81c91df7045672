"""The tables of the store, their format, and the way from older formats to this one.

They bear a prefix, so that a database may hold other things too, and every row the name of its business, so that several
configs may share one store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlalchemy import Boolean, Column, Connection, Date, Float, Index, Integer, MetaData, String, Table, Text, select

from churnscope.errors import StorageError

FORMAT = 4

METADATA = MetaData()
_NAME, _KEY = String(200), String(32)

STORE = Table("churnscope_store", METADATA, Column("format", Integer, primary_key=True, autoincrement=False))

LISTS = Table(
    "churnscope_lists",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("list_id", _KEY, primary_key=True),
    Column("campaign", _NAME, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("salt", Text, nullable=False),
    Column("share", Float, nullable=False),
)

LINES = Table(
    "churnscope_lines",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("line_key", _KEY, primary_key=True),
    Column("list_id", _KEY, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("action", _NAME, nullable=False),
    Column("arm", _KEY, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("value_at_risk", Float, nullable=False),
    Column("expected_gain", Float, nullable=False),
    Column("agent", Text),
    Column("contact_cost", Float),
    Column("offer_cost", Float),
    Index("churnscope_lines_of_list", "business", "list_id"),
)

OUTCOMES = Table(
    "churnscope_outcomes",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("line_key", _KEY, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("result", _KEY, nullable=False),
    Column("call_back", Text, nullable=False),
)

# What a later file put right: the results that stood there before, the first one at place 0.
CORRECTED = Table(
    "churnscope_corrected_outcomes",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("line_key", _KEY, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("result", _KEY, nullable=False),
    Column("call_back", Text, nullable=False),
)

# SHA-256 of every file that outcomes were added from.
OUTCOME_FILES = Table(
    "churnscope_outcome_files",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("file", String(64), primary_key=True),
)

WIN_BACK_DAYS = Table(
    "churnscope_win_back_days",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("day", Date, primary_key=True),
)

WIN_BACK_STEPS = Table(
    "churnscope_win_back_steps",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("customer_id", Text, primary_key=True),
    Column("entered", Date, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("arm", _KEY, nullable=False),
    Column("step", _NAME, nullable=False),
    Column("channel", _NAME, nullable=False),
    Column("offer", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("contact_cost", Float, nullable=False),
    Column("offer_cost", Float, nullable=False),
    Column("probability", Float),
    Column("worth", Float),
    Index("churnscope_win_back_steps_by_day", "business", "day"),
)

WIN_BACK_ANSWERS = Table(
    "churnscope_win_back_answers",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("customer_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("answer", Text, nullable=False),
)


def _with_win_back(connection: Connection) -> None:
    """From lists and outcomes alone to what is kept of winning customers back."""
    METADATA.create_all(connection, tables=[WIN_BACK_DAYS, WIN_BACK_STEPS, WIN_BACK_ANSWERS])


# What an alert holds of a person is the customer id, and numbers.
ALERTS = Table(
    "churnscope_alerts",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("alert_id", _KEY, primary_key=True),
    Column("rule", _NAME, nullable=False),
    Column("subject", Text, nullable=False),
    Column("is_customer", Boolean, nullable=False),
    Column("since", Date, nullable=False),
    Column("seen", Date, nullable=False),
    Column("found", Date, nullable=False),
    Column("resolved", Date),
    Column("closed", Date),
    Column("is_held", Boolean, nullable=False),
    Column("numbers", Text, nullable=False),
    Index("churnscope_alerts_by_day", "business", "seen"),
)

# How far the alerts of a business have come.
ALERT_DAYS = Table(
    "churnscope_alert_days",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("start", Date, nullable=False),
    Column("last", Date, nullable=False),
)

# Messages that were decided on, with what became of them.
MESSAGES = Table(
    "churnscope_messages",
    METADATA,
    Column("business", _NAME, primary_key=True),
    Column("message_id", _KEY, primary_key=True),
    Column("destination", _NAME, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("severity", _KEY, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", _KEY, nullable=False),
    Column("tries", Integer, nullable=False),
)


def _with_alerts(connection: Connection) -> None:
    METADATA.create_all(connection, [ALERTS, ALERT_DAYS, MESSAGES])


def _with_corrections(connection: Connection) -> None:
    METADATA.create_all(connection, tables=[CORRECTED, OUTCOME_FILES])


UPGRADES: Mapping[int, Callable[[Connection], None]] = MappingProxyType(
    {1: _with_alerts, 2: _with_win_back, 3: _with_corrections}
)
"""By format, what turns a store of it into one of the next format."""


def bring_up_to_date(connection: Connection, place: str) -> None:
    """Make the tables where there are none, and bring those of an older format to this one; all or nothing.

    Parameters
    ----------
    place : the store, as it may be shown.

    Raises
    ------
    StorageError : when the store is of a newer format, or says no format.
    """
    is_new = not connection.dialect.has_table(connection, STORE.name)
    if is_new:
        METADATA.create_all(connection)
        connection.execute(STORE.insert().values(format=FORMAT))
        return
    found = connection.execute(select(STORE.c.format)).scalars().all()
    if len(found) != 1 or not 1 <= found[0] <= FORMAT:
        said = ", ".join(map(str, found)) or "none"
        raise StorageError(
            f"{place}: the store of outcomes is of format {said}; this version knows formats to {FORMAT}.",
            "Use the version of churnscope that wrote it, or a newer one.",
        )
    for older in range(found[0], FORMAT):
        UPGRADES[older](connection)
    if found[0] < FORMAT:
        connection.execute(STORE.update().values(format=FORMAT))
