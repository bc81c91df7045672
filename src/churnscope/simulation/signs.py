"""What foreshadows leaving: sessions thin out, tickets pile up, replies cease. One log each.

Everything is drawn to the end of the log and then cut where the person leaves, so that one seed gives the same past to those
whom a campaign keeps and to those whom it does not.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.simulation.business import Contacts, Engagement, Support
from churnscope.simulation.clock import Clock
from churnscope.simulation.people import People
from churnscope.simulation.processes import Occurrences, poisson
from churnscope.simulation.streams import Part, stream
from churnscope.simulation.texts import customer_ids, instants, names

KINDS = ("session", "click", "search", "message")
DEVICES = ("web", "app", "phone")
TOPICS = ("delivery", "billing", "quality", "account")
TOUCHES = ("e-mail", "social", "phone", "visit")
DIRECTIONS = ("outbound", "inbound")

_YEAR = 365.25
_MINUTES = 12.0  # median length of a session
_ANSWERED = 0.6  # share of tickets whose sender says how satisfied he is


def engagement_log(people: People, engagement: Engagement, clock: Clock, seed: int) -> pa.Table:
    """Sessions of a group, by time: fewer and shorter the nearer the person is to leaving."""
    random = stream(seed, people.group, Part.SESSIONS)
    drawn = poisson(random, people.session_rate, people.joined, clock)
    n, near = len(drawn), people.nearness(drawn.owner, drawn.time)
    happens = random.random(n) < 1 - engagement.fading * near
    minutes = _MINUTES * np.exp(0.8 * random.standard_normal(n)) * (1 - 0.5 * engagement.fading * near)
    kind, device = _skewed(random, n, len(KINDS)), _skewed(random, n, len(DEVICES))
    clicks = 1.0 + random.poisson(4, n)
    rows = drawn.order_of(happens & _before_leaving(drawn, people))
    return pa.table(
        {
            **_who_and_when(drawn.taken(rows), people, clock),
            "kind": names(KINDS, kind[rows]),
            "channel": names(DEVICES, device[rows]),
            "value": clicks[rows],
            "duration": np.round(minutes[rows], 1),
        }
    )


def support_log(people: People, support: Support, clock: Clock, seed: int) -> pa.Table:
    """Tickets of a group, by the time they were opened: more of them, and less content, the nearer to leaving."""
    random = stream(seed, people.group, Part.TICKETS)
    drawn = poisson(random, np.full(len(people), support.per_year * support.rise / _YEAR), people.joined, clock)
    n, near = len(drawn), people.nearness(drawn.owner, drawn.time)
    happens = random.random(n) * support.rise < 1 + (support.rise - 1) * near
    resolved = drawn.time + support.resolving_days * random.standard_exponential(n)
    content = np.clip(np.rint(4.5 - 2.5 * near + random.standard_normal(n)), 1, 5)
    silent = (resolved >= clock.days) | (random.random(n) >= _ANSWERED)
    severity, topic = 1 + _skewed(random, n, 4), _skewed(random, n, len(TOPICS))
    rows = drawn.order_of(happens & _before_leaving(drawn, people))
    return pa.table(
        {
            **_who_and_when(drawn.taken(rows), people, clock),
            "resolved": instants(clock.instant(resolved[rows]), resolved[rows] >= clock.days),
            "severity": severity[rows],
            "topic": names(TOPICS, topic[rows]),
            "satisfaction": pa.array(content[rows], mask=silent[rows]),
        }
    )


def contact_log(people: People, contacts: Contacts, clock: Clock, seed: int) -> pa.Table:
    """Touches of a group, by time. Ours go on to the end of the log; the person's, and the replies, end with leaving."""
    random = stream(seed, people.group, Part.CONTACTS)
    rate = (contacts.outbound_per_year + contacts.inbound_per_year) / _YEAR
    drawn = poisson(random, np.full(len(people), rate), people.joined, clock)
    n, near = len(drawn), people.nearness(drawn.owner, drawn.time)
    ours = random.random(n) * rate * _YEAR < contacts.outbound_per_year
    answered = ours & (random.random(n) < contacts.response_share * (1 - near))
    touch = _skewed(random, n, len(TOUCHES))
    rows = drawn.order_of(ours | _before_leaving(drawn, people))
    return pa.table(
        {
            **_who_and_when(drawn.taken(rows), people, clock),
            "channel": names(TOUCHES, touch[rows]),
            "direction": names(DIRECTIONS, (~ours[rows]).astype(np.int64)),
            "response": answered[rows],
        }
    )


def _before_leaving(drawn: Occurrences, people: People) -> NDArray[np.bool_]:
    return drawn.time < people.lapse[drawn.owner]


def _who_and_when(rows: Occurrences, people: People, clock: Clock) -> dict[str, pa.Array]:
    return {"customer": customer_ids(people.first + rows.owner), "time": instants(clock.instant(rows.time))}


def _skewed(random: np.random.Generator, n: int, choices: int) -> NDArray[np.int64]:
    """Codes of which low ones are the more common."""
    return (choices * random.random(n) ** 2).astype(np.int64)
