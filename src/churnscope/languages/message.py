"""A text that is not said yet: the English sentence and what its placeholders stand for, so that any language can say it."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from churnscope.languages.numbers import FORM

Value = float | int | str
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
SAY, WITH, AROUND, SAID = "say", "with", "around", "said"


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence and its values.

    Parameters
    ----------
    text : the English sentence, a format text; the key under which catalogues have it.
    values : by the name of a placeholder.
    around : a text into which what is said is put, as `{said} (speaks for staying)`; empty for none.

    Examples
    --------
    >>> Message.from_json(Message("{value:.0f} tickets open now", {"value": 2.0}).to_json())
    Message(text='{value:.0f} tickets open now', values={'value': 2.0}, around='')
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)
    around: str = ""

    def to_json(self) -> str:
        """As one line of JSON."""
        content = {SAY: self.text, WITH: dict(self.values), **({AROUND: self.around} if self.around else {})}
        return _JSON.encode(content)

    @classmethod
    def from_json(cls, saved: str) -> Message:
        """What `to_json` wrote.

        Raises
        ------
        ValueError : when it is something else, or a placeholder reads more than a value.
        """
        content = json.loads(saved)
        if not (isinstance(content, dict) and isinstance(content.get(SAY), str) and isinstance(content.get(WITH), dict)):
            raise ValueError("it is no message")  # noqa: TRY004 (one kind of error, whatever is wrong with it)
        text, values, around = content[SAY], content[WITH], content.get(AROUND, "")
        if around and not (isinstance(around, str) and placeholders(around) == {SAID: ""}):
            raise ValueError("a message is put into a text that names it once")
        if not all(isinstance(value, (int, float, str)) for value in values.values()):
            raise ValueError("a value of a message is a number or a text")
        named = placeholders(text)
        if not (named.keys() <= values.keys() and all(map(FORM.fullmatch, named.values()))):
            raise ValueError("a placeholder of a message has no value, or a form that is none of a number's")
        return cls(text, values, around)


def placeholders(text: str) -> dict[str, str]:
    """The names in a format text, each with its form: `{value:.0f}` is the name `value` and the form `.0f`.

    Raises
    ------
    ValueError : when it is no format text, or reads more than a name.

    Examples
    --------
    >>> placeholders("{value:.0f} lines in the last {days} days")
    {'value': '.0f', 'days': ''}
    """
    found: dict[str, str] = {}
    for _, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}} is no name")
        found[name] = form or ""
    return found
