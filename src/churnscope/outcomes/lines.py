"""What a list of customers to call holds, and what is told of a call."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

CALLABLE, CONTROL = "callable", "control"
ARMS = (CALLABLE, CONTROL)
RESULTS = ("reached", "no_answer", "accepted", "refused", "do_not_call", "wrong_number")
KEY_DIGITS = 16
_BETWEEN = b"\x1f"


@dataclass(frozen=True)
class ListFacts:
    """A list as a whole.

    Parameters
    ----------
    list_id : the id of the run that made it.
    campaign : lists of one campaign are judged together.
    as_of : the day it was made for; nothing at or after it was read.
    salt : of the hash that draws the control group.
    share : of everybody eligible that is held back in the control group, in [0, 1]; 0 where there is none.
    """

    list_id: str
    campaign: str
    as_of: date
    salt: str
    share: float

    def __post_init__(self) -> None:
        if not (self.list_id and self.campaign and 0 <= self.share <= 1):
            raise ValueError("a list has an id, a campaign, and a share of the control group between 0 and 1")


@dataclass(frozen=True, slots=True)
class Line:
    """A customer whom a list chose: to be called, or as the control of those who are.

    Parameters
    ----------
    line_key : `line_key` of the list and the customer.
    arm : `callable` or `control`; whom control holds back is on no list that anyone sees.
    rank : place by falling expected gain, control included, from 1.
    agent : who is to call; None for control, or where lines are not shared out.
    contact_cost, offer_cost : in currency, of the contact where it takes place and of the offer where it is accepted, as they
        were when the list was made; None: those of `[profit]`.
    """

    line_key: str
    customer_id: str
    action: str
    arm: str
    rank: int
    probability: float
    value_at_risk: float
    expected_gain: float
    agent: str | None = None
    contact_cost: float | None = None
    offer_cost: float | None = None

    def __post_init__(self) -> None:
        if self.arm not in ARMS:
            raise ValueError(f"the arm of a line is one of {', '.join(ARMS)}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of calling the customer of a line on a day; a line has one a day at most.

    Parameters
    ----------
    result : one of `RESULTS`.
    call_back : when to call again, as noted; empty where nothing was.
    """

    line_key: str
    day: date
    result: str
    call_back: str = ""

    def __post_init__(self) -> None:
        if self.result not in RESULTS:
            raise ValueError(f"a result is one of {', '.join(RESULTS)}")


def line_key(list_id: str, customer_id: str) -> str:
    """The key of a line: the first 16 hexadecimal digits of SHA-256 over list, 0x1F and customer.

    It finds the line again in a file that came back, whatever was sorted, deleted or renamed there.

    Examples
    --------
    >>> line_key("0123456789abcdef", "C-17")
    '8c37e1e7e420545e'
    """
    text = _BETWEEN.join((list_id.encode(), customer_id.encode()))
    return hashlib.sha256(text).hexdigest()[:KEY_DIGITS]
