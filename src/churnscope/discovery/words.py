"""Names of columns and files taken apart into words, and how much the words speak for a role and its parts."""

from __future__ import annotations

import re
from functools import cache

from churnscope.discovery.vocabulary import CUSTOMER, ENDINGS, ID_WORDS, KINDS, PARTS, ROLE_WORDS, Part
from churnscope.roles import ROLES

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORDS = re.compile(r"[\W_]+")
_LONG = 4  # stems from so many letters on also match the beginning of a word
_ID_BONUS, _AGAINST, _SHORT = 3, 7, 3


def parts_of(role: str) -> tuple[Part, ...]:
    """The parts of a role, the surest first: its columns, and the price of a unit for purchases."""
    parts = [_part(role, column.name, column.kind) for column in ROLES[role].columns]
    return (*parts, PARTS["purchases.price"]) if role == "purchases" else tuple(parts)


def score(part: Part, name: str) -> int:
    """How much a header speaks for a part; 0 and below: not at all.

    Examples
    --------
    >>> customer = parts_of("purchases")[0]
    >>> score(customer, "Customer ID") > score(customer, "customer_segment")
    True
    """
    words = words_of(name)
    total = sum(max((weight for stem, weight in part.stems.items() if matches(word, stem)), default=0) for word in words)
    if part.is_key and total and ID_WORDS.intersection(words):
        total += _ID_BONUS
    # A long header says more than the part's own words: a shorter one is meant.
    return total - _AGAINST * len(part.against.intersection(words)) - max(0, len(words) - _SHORT)


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a header or file name, small; known words that are written together are taken apart.

    Examples
    --------
    >>> words_of("CustomerID"), words_of("unit_price"), words_of("orderdate"), words_of("Kunden-Nr."), words_of("android")
    (('customer', 'id'), ('unit', 'price'), ('order', 'date'), ('kunden', 'nr'), ('android',))
    """
    return tuple(part for word in plain_words(name) for part in _parted(word))


def plain_words(name: str) -> tuple[str, ...]:
    """The words of a name as they are told apart in it.

    Examples
    --------
    >>> plain_words("online_retail-2009"), plain_words("webShop")
    (('online', 'retail', '2009'), ('web', 'shop'))
    """
    return tuple(word.lower() for word in _NOT_WORDS.split(_CAMEL.sub(" ", name)) if word)


def matches(word: str, stem: str) -> bool:
    """Whether a word is a stem, or a longer one begins with it."""
    return word == stem or (len(stem) >= _LONG and word.startswith(stem))


def _part(role: str, name: str, kind: str) -> Part:
    if name == "customer":
        return CUSTOMER
    known = PARTS.get(f"{role}.{name}") or PARTS.get(name)
    return known or Part(name, frozenset(KINDS[kind]), dict.fromkeys(plain_words(name), 8))


def _parted(word: str) -> tuple[str, ...]:
    """`orderdate` as two words."""
    for ending in ENDINGS:
        rest = word.removesuffix(ending)
        if rest not in {word, ""} and rest in _known():
            return rest, ending
    return (word,)


@cache
def _known() -> frozenset[str]:
    """Every word of the vocabulary."""
    parts = [CUSTOMER, *PARTS.values()]
    of_parts = {word for part in parts for word in (*part.stems, *part.against)}
    return frozenset(of_parts | {word for role in ROLE_WORDS.values() for word in role.headers})
