"""Who seeks whom, through which channels, and whether anybody answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from churnscope.events import Events, Observed, Signal, ratio
from churnscope.features.family import family
from churnscope.features.feature import FALLING, RISING, Feature, none, suffix, within
from churnscope.features.log import Log
from churnscope.roles import CHANNELS, INBOUND, OUTBOUND

# Nobody notes when an answer came: a contact is judged once it has had so many days to be answered.
ANSWER_DAYS: Final = 7
_BY = {"e-mail": "by e-mail", "social": "on social media", "phone": "by phone", "visit": "in person"}


@family("contacts")
def touches(log: Log) -> Iterator[Feature]:
    """How often there was any contact, whoever sought it."""
    yield Feature(
        name="days_since_last_contact",
        unit="days",
        concept="contacts",
        sentence="last contact {value:.0f} days ago",
        missing=none("contact"),
        values=log.rows.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"contact_count_{suffix(window)}",
            unit="contacts",
            window=window,
            concept="contacts",
            sentence=f"{{value:.0f}} contacts {within(window)}",
            values=log.rows.count(window),
        )


@family("contacts", needs=("direction",))
def directions(log: Log) -> Iterator[Feature]:
    """How often the customer gets in touch with us, and we with them."""
    inbound, outbound = _way(log.rows, log, INBOUND), _way(log.rows, log, OUTBOUND)
    yield Feature(
        name="days_since_last_inbound_contact",
        unit="days",
        concept="own contacts",
        sentence="last got in touch {value:.0f} days ago",
        missing="never got in touch",
        direction=RISING,
        values=inbound.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"inbound_contact_count_{suffix(window)}",
            unit="contacts",
            window=window,
            concept="own contacts",
            sentence=f"got in touch {{value:.0f}} times {within(window)}",
            values=inbound.count(window),
        )
        yield Feature(
            name=f"outbound_contact_count_{suffix(window)}",
            unit="contacts",
            window=window,
            concept="our contacts",
            sentence=f"{{value:.0f}} contacts by us {within(window)}",
            values=outbound.count(window),
        )
    for window in log.main_windows:
        yield Feature(
            name=f"inbound_to_outbound_ratio_{suffix(window)}",
            unit="ratio",
            window=window,
            concept="own contacts",
            sentence=f"got in touch {{value:.1f}} times for each contact by us {within(window)}",
            spoken=False,
            missing=none("contact by us", window),
            values=ratio(inbound.count(window), outbound.count(window)),
        )


@family("contacts", needs=("direction", "response"))
def responses(log: Log) -> Iterator[Feature]:
    """Whether the customer answers us; contacts of the last week are left out, their answers may still come."""
    asked = _way(log.rows.after(ANSWER_DAYS), log, OUTBOUND)
    for window in log.main_windows:
        yield Feature(
            name=f"response_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="answers",
            sentence=f"answered {{value:.0%}} of our contacts {within(window)}",
            missing=f"nothing of ours to answer {within(window)}",
            direction=FALLING,
            values=asked.share("response", window),
        )
    yield Feature(
        name="days_since_last_answered_contact",
        unit="days",
        concept="answers",
        sentence="last answered a contact of {value:.0f} days ago",
        missing="never answered us",
        direction=RISING,
        values=asked.select("response").days_since_last() + ANSWER_DAYS,
    )
    latest_answer = asked.largest(asked.derive("number if answered", _number_if_answered))
    yield Feature(
        name="unanswered_contacts_in_a_row",
        unit="contacts",
        concept="answers",
        sentence="did not answer our last {value:.0f} contacts",
        direction=RISING,
        values=asked.count() - np.where(np.isnan(latest_answer), 0, latest_answer),
    )


@family("contacts", needs=("channel",))
def contact_channels(log: Log) -> Iterator[Feature]:
    """Through which channels there is contact."""
    for window in log.main_windows:
        yield Feature(
            name=f"contact_channel_count_{suffix(window)}",
            unit="channels",
            window=window,
            concept="contact channels",
            sentence=f"in contact through {{value:.0f}} channels {within(window)}",
            values=log.rows.distinct("channel", window),
        )
    window, codes = log.long_windows[0], log.role.column("channel")
    for channel in CHANNELS:
        code = codes.code(channel)
        yield Feature(
            name=f"{channel.replace('-', '')}_contact_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="contact channels",
            sentence=f"{{value:.0%}} of contacts {_BY[channel]} {within(window)}",
            spoken=False,
            missing=none("contact", window),
            values=log.rows.share(log.rows.flag("channel", code, code + 1), window),
        )


def _way(rows: Observed, log: Log, direction: str) -> Observed:
    return rows.select("direction", log.role.column("direction").code(direction))


def _number_if_answered(asked: Events) -> Signal:
    """The place of an answered row among its customer's, the last place of those tied with it; NaN for any other."""
    n = len(asked.day)
    ends = np.ones(n, np.bool_)
    ends[:-1] = (asked.time[1:] != asked.time[:-1]) | (asked.customer[1:] != asked.customer[:-1])
    last_tied = np.flatnonzero(ends)[np.cumsum(ends) - ends]
    place = last_tied - asked.begin[asked.customer] + 1
    return np.where(asked.signals["response"], place, np.nan)
