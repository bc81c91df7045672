"""Passwords: refused where they stand in a file, hidden where a config is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from churnscope.config.keys import Key, key_path
from churnscope.errors import ConfigError

_USER_INFO = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]*://)(?P<info>[^/\s]*)@")
_QUERY = re.compile(
    r"(?P<name>[?&;](?:[\w-]*(?:password|passwd|pwd|secret|token|key|signature|sig))=)(?P<value>[^&;#\s]+)", re.IGNORECASE
)
HIDDEN = "***"


def redacted(text: str) -> str:
    """`text` with the user and password of addresses, and secret parameters of their queries, hidden.

    Examples
    --------
    >>> redacted("https://ann:pass@host/path?token=abc&page=2")
    'https://***@host/path?token=***&page=2'
    """
    return _QUERY.sub(rf"\g<name>{HIDDEN}", _USER_INFO.sub(rf"\g<scheme>{HIDDEN}@", text))


def literal_secrets(document: object, key: Key = ()) -> Iterator[ConfigError]:
    """A refusal for each text of a config file that spells a password out."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from literal_secrets(value, (*key, name))
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from literal_secrets(value, (*key, position))
    elif isinstance(document, str) and _spells_secret(document):
        yield ConfigError(
            f"{key_path(key)}: a password stands in the file.",
            "Take it from the environment, as in https://${NAME}:${PASSWORD}@host, or from a file: ${file:secrets/address}.",
        )


def _spells_secret(text: str) -> bool:
    passwords = [match["info"].partition(":")[2] for match in _USER_INFO.finditer(text)]
    parameters = [match["value"] for match in _QUERY.finditer(text)]
    return any(value and "${" not in value for value in passwords + parameters)
