"""What is odd about the ids of a column, and the expression that mends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from churnscope.discovery.guesses import counted, percent

MISSING_WORDS = ("NA", "N/A", "NULL", "null", "None", "none", "nan", "NaN", "\\N", "-", "?")
_POINT_ZERO = re.compile(r"\d+\.0+")
_DIGITS = re.compile(r"\d+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+")


@dataclass(frozen=True)
class Ids:
    """Ids as they are written.

    Parameters
    ----------
    expression : SQL that mends them; empty where the column serves as it is.
    evidence : what was seen.
    check : whether a person should look.
    """

    expression: str
    evidence: str
    check: bool = False


def look_at_ids(column: str, values: Sequence[str], *, is_float: bool = False) -> Ids:
    r"""How the ids of a column are written.

    Parameters
    ----------
    column : the column as SQL.
    values : present values of the sample.
    is_float : whether the file holds them as floating point numbers.

    Examples
    --------
    >>> look_at_ids('"Customer ID"', ["17850.0", "13047.0"])
    Ids(expression='regexp_replace("Customer ID", \'\\.0+$\', \'\')', evidence='2 of 2 ids end in .0', check=False)
    """
    distinct = list(dict.fromkeys(values))
    if is_float:
        return Ids(f"CAST({column} AS BIGINT)", "the file holds whole numbers as 17850.0")
    sql, seen, check = column, [], False
    words = [word for word in MISSING_WORDS if word in distinct]
    for word in words:
        sql = f"nullif({sql}, '{word}')"
    if words:
        rows = sum(value in words for value in values)
        seen.append(f"{counted(rows, 'sampled row')} with {', '.join(words)} for a missing id")
        check = True
        distinct = [value for value in distinct if value not in words]
    ending = sum(_POINT_ZERO.fullmatch(value) is not None for value in distinct)
    plain = sum(_DIGITS.fullmatch(value) is not None for value in distinct)
    if ending and ending + plain >= 0.99 * len(distinct):
        sql = f"regexp_replace({sql}, '\\.0+$', '')"
        seen.append(f"{percent(ending, len(distinct)).replace('all ', f'{ending:,} of ')} ids end in .0")
    if clashes := len(distinct) - len({value.lower() for value in distinct}):
        sql = f"lower({sql})"
        seen.append(f"capitals alone tell {counted(clashes, 'id')} from another")
        check = True
    zeros = sum(value.startswith("0") and len(value) > 1 for value in distinct)
    if zeros:
        seen.append(f"{percent(zeros, len(distinct))} ids begin with 0, which is kept")
    if scientific := sum(_SCIENTIFIC.fullmatch(value) is not None for value in distinct):
        seen.append(f"{counted(scientific, 'id')} written as 1.0E+15 lost digits: write the file again")
        check = True
    return Ids("" if sql == column else sql, "; ".join(seen), check)
