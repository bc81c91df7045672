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


@family("contacts", needs=("direction",))
def outbound_contacts(log: Log) -> Iterator[Feature]:
    """How often we get in touch with the customer; how often they do is told by the families of any activity."""
    outbound = _outbound(log.rows, log)
    yield Feature(
        name="days_since_last_outbound_contact",
        unit="days",
        concept="our contacts",
        sentence="last contact by us {value:.0f} days ago",
        missing=none("contact by us"),
        values=outbound.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"outbound_contact_count_{suffix(window)}",
            unit="contacts",
            window=window,
            concept="our contacts",
            sentence=f"{{value:.0f}} contacts by us {within(window)}",
            values=outbound.count(window),
        )
    inbound = log.rows.select("direction", log.role.column("direction").code(INBOUND))
    for window in log.main_windows:
        yield Feature(
            name=f"inbound_to_outbound_ratio_{suffix(window)}",
            unit="ratio",
            window=window,
            concept="our contacts",
            sentence=f"got in touch {{value:.1f}} times for each contact by us {within(window)}",
            spoken=False,
            missing=none("contact by us", window),
            values=ratio(inbound.count(window), outbound.count(window)),
        )


@family("contacts", needs=("direction", "response"))
def responses(log: Log) -> Iterator[Feature]:
    """Whether the customer answers us; contacts of the last week are left out, their answers may still come."""
    asked = _outbound(log.rows.after(ANSWER_DAYS), log)
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
        sentence="last answered our contact of {value:.0f} days ago",
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


def _outbound(rows: Observed, log: Log) -> Observed:
    return rows.select("direction", log.role.column("direction").code(OUTBOUND))


def _number_if_answered(asked: Events) -> Signal:
    """The place of an answered row among its customer's, the last place of those tied with it; NaN for any other."""
    n = len(asked.day)
    ends = np.ones(n, np.bool_)
    ends[:-1] = (asked.time[1:] != asked.time[:-1]) | (asked.customer[1:] != asked.customer[:-1])
    last_tied = np.flatnonzero(ends)[np.cumsum(ends) - ends]
    place = last_tied - asked.begin[asked.customer] + 1
    return np.where(asked.signals["response"], place, np.nan)
