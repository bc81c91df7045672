"""A flat file as it is found: every column an attribute that is nothing else, and no label where customers are to be scored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from churnscope.config.models import Source
from churnscope.errors import ConfigError
from churnscope.expressions import parse_expression, quoted
from churnscope.levels import safe_word
from churnscope.sources.headers import FileColumns, texts_of

_TAKEN = frozenset({"source", "minute_of_day", "own_day", "events", "churned", "time", "customer"})


def as_found(source: Source, files: Sequence[FileColumns]) -> Source:
    """The source for files with these columns.

    The label is left out where a column that it is read from is missing. Where no attributes are named, every column that
    nothing else reads is one.
    """
    names = list(dict.fromkeys(name for file in files for name in file.names))
    spelt = {name.lower() for name in names}
    read = {text: set(_columns_of(text, names)) for _, text in texts_of(source)}
    absent = {name for name in read.get(source.columns.get("churned", ""), ()) if name.lower() not in spelt}
    columns = {name: text for name, text in source.columns.items() if name != "churned" or not absent}
    types = {name: kind for name, kind in source.types.items() if name not in absent}
    used = {name.lower() for found in read.values() for name in found}
    rest = [name for name in names if name.lower() not in used]
    attributes = source.attributes or dict(zip(attribute_names(rest), map(quoted, rest), strict=True))
    return source.model_copy(update={"columns": columns, "types": types, "attributes": attributes})


def _columns_of(text: str, names: Sequence[str]) -> Iterator[str]:
    """The columns that an expression reads, whether they are there or not."""
    try:
        parsed = parse_expression(text, where="", columns=names)
    except ConfigError:
        try:
            parsed = parse_expression(text, where="")
        except ConfigError:  # a header of several words that is not there
            yield text.strip()
            return
    yield from (node.name for node in parsed.find_all(exp.Column))


def attribute_names(headers: Sequence[str]) -> Iterator[str]:
    """A name for each column, which no other has: small letters, digits and _.

    Examples
    --------
    >>> list(attribute_names(["MonthlyCharges", "Monthly charges", "2024", "time"]))
    ['monthly_charges', 'monthly_charges_2', 'column_2024', 'time_2']
    """
    taken = set(_TAKEN)
    for header in headers:
        word = safe_word(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)) or "column"
        word = first = word if word[0].isalpha() else f"column_{word}"
        number = 1
        while word in taken:
            number += 1
            word = f"{first}_{number}"
        taken.add(word)
        yield word
