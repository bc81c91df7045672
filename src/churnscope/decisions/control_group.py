"""Who is left alone so that the effect of a campaign can be seen, and how small an effect that can show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\x1f"
_SURE, _POWER = 1.959964, 0.8416212  # normal quantiles of a 95 % interval and of a power of 80 %


@dataclass(frozen=True)
class ControlGroup:
    """A draw that needs no memory: the same customer has the same lot in every run.

    Parameters
    ----------
    salt : another one draws others.
    campaign : of which the share is left alone.
    share : of the customers whom this campaign leaves alone.
    universal_share : of the customers whom every campaign leaves alone.
    """

    salt: str
    campaign: str
    share: float
    universal_share: float = 0.0

    def holds(self, customers: Iterable[str]) -> NDArray[np.bool_]:
        """Whether each customer is left alone."""
        ids = list(customers)
        held = np.zeros(len(ids), np.bool_)
        if self.universal_share > 0:
            held |= lots(ids, self.salt) < self.universal_share
        if self.share > 0:
            held |= lots(ids, self.salt, self.campaign) < self.share
        return held


def lots(customers: Iterable[str], *before: str) -> NDArray[np.float64]:
    """A number in [0, 1) for each customer: first 8 bytes, big endian, of the SHA-256 of all parts, over 2^64.

    Parameters
    ----------
    before : the parts before the customer's id; parts are UTF-8 and joined by the byte 0x1F.

    Examples
    --------
    >>> lots(["C-17"], "salt", "spring").round(6).tolist()
    [0.621014]
    """
    begun = hashlib.sha256("".join(part + SEPARATOR for part in before).encode())
    digests = bytearray()
    for customer in customers:
        one = begun.copy()
        one.update(customer.encode())
        digests += one.digest()[:8]
    return np.frombuffer(bytes(digests), ">u8").astype(np.float64) / 2.0**64


def smallest_effect(called: int, control: int, churn: float) -> float | None:
    """The smallest fall of the churn rate that a list shows four times in five, as a share of customers.

    Parameters
    ----------
    called, control : customers in the two arms.
    churn : rate among customers left alone.

    Returns
    -------
    None where not even the loss of nobody at all would show.

    Notes
    -----
    D = (1.96 + 0.84) sqrt(p q / n of the control + p' q' / n of the called), p' = p - D, solved for D.

    Examples
    --------
    >>> round(smallest_effect(4126, 4126, 0.40), 4)
    0.03
    """
    if not called or not control:
        return None

    def needed(effect: float) -> float:
        kept = churn - effect
        return (_SURE + _POWER) * sqrt(churn * (1 - churn) / control + kept * (1 - kept) / called)

    if needed(churn) > churn:
        return None
    low, high = 0.0, churn
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if needed(middle) > middle else (low, middle)
    return high
