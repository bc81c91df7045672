"""A feature family: a small function over the primitives, and where it applies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from churnscope.features.feature import Feature
from churnscope.features.log import Log

Build = Callable[[Log], Iterator[Feature]]


@dataclass(frozen=True)
class Family:
    """Features that speak of one thing.

    Parameters
    ----------
    name : as in `features.families` of a config.
    roles : the roles it is built for; empty for one that reads the rows of several or of none, and is built once.
    needs : columns without which it is left out.
    build : yields the features of one log.
    """

    name: str
    roles: tuple[str, ...]
    needs: frozenset[str]
    build: Build

    @property
    def meaning(self) -> str:
        """What the family tells, in one line."""
        return (self.build.__doc__ or self.name).strip().splitlines()[0]

    def applies(self, role: str, columns: frozenset[str]) -> bool:
        """Whether it can be built for a log of this role with these columns."""
        return (role in self.roles or not self.roles) and self.needs <= columns


def family(*roles: str, needs: tuple[str, ...] = ()) -> Callable[[Build], Family]:
    """Declare a function as a feature family, named as the function.

    Examples
    --------
    >>> from churnscope.features import Feature, family
    >>> @family("purchases", needs=("amount",))
    ... def gifts(log):
    ...     '''Purchases that cost nothing.'''
    ...     free = log.kept.derive("free", lambda rows: rows.signals["amount"] == 0)
    ...     words = {"unit": "lines", "concept": "gifts", "sentence": "{value:.0f} gifts so far"}
    ...     yield Feature(name="gift_count_ever", **words, values=log.kept.total(free))
    >>> gifts.name, gifts.meaning
    ('gifts', 'Purchases that cost nothing.')
    """

    def declare(build: Build) -> Family:
        return Family(build.__name__, roles, frozenset(needs), build)

    return declare
