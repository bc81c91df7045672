"""Messages to people: e-mail, chat or webhook through apprise. The only place that knows an address, and it shows none.

An address holds passwords and tokens. It is read from the environment when it is used, stands in no config, log, error or
output, and what apprise would log of it is not passed on.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from churnscope.errors import ConfigError

TYPES = {"stop": "failure", "urgent": "failure", "warning": "warning", "info": "info"}
"""By severity, what apprise calls it: services colour messages by it."""
_CODE = re.compile(r"error=(\d{3})\b")


@dataclass(frozen=True)
class Channel:
    """Somebody who can be told; made by `open_channel`."""

    name: str
    _service: Any

    def send(self, title: str, body: str, severity: str) -> str:
        """Send one message now.

        Returns
        -------
        Why it was not delivered, without any part of the address; empty where it was.
        """
        with _heard() as lines:
            sent = bool(self._service.notify(body=body, title=title, notify_type=TYPES[severity], body_format="text"))
        if sent:
            return ""
        codes = [match[1] for line in lines if (match := _CODE.search(line))]
        return f"the other side answered {codes[-1]}" if codes else "the other side did not answer, or refused it"


def open_channel(name: str, variable: str, environment: Mapping[str, str], timeout_seconds: float) -> Channel:
    """The channel whose address an environment variable holds; nothing is sent.

    Raises
    ------
    ConfigError : when apprise is missing, the variable is not set, or what it holds is no address of apprise.
    """
    where = f"[alerts.destinations.{name}]"
    try:
        import apprise
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{where}: sending messages needs apprise, which is not installed.", 'pip install "churnscope[notify]"'
        ) from error
    address = environment.get(variable, "").strip()
    if not address:
        raise ConfigError(
            f"{where}: the variable {variable} is not set.",
            f"Set it to an address of apprise, as in export {variable}='mailto://...', or run with --dry-run.",
        )
    asset = apprise.AppriseAsset(
        app_id="churnscope",
        app_desc="churnscope",
        app_url="",
        async_mode=False,
        allow_templates=False,  # a customer's id is no template
        http_redirects=False,  # what is sent goes where the address says
        storage_mode="memory",
        service_timeout=3 * timeout_seconds,
    )
    service = apprise.Apprise(asset=asset)
    with _heard(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that apprise loads here
        instance = apprise.Apprise.instantiate(address, asset=asset)
    if instance is None:
        raise ConfigError(
            f"{where}: what the variable {variable} holds is no address that apprise knows.",
            "Write it as mailto://user:password@example.org, jsons://host/path, slack://..., or see the list of apprise.",
        )
    instance.socket_read_timeout = instance.socket_connect_timeout = timeout_seconds
    service.add(instance)
    return Channel(name, service)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise says while the block runs, kept from all logs: it may name hosts and tokens."""
    lines: list[str] = []
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    before = [(each, each.propagate) for each in loggers]
    handler = _Kept(lines)
    for each in loggers:
        each.propagate = False
        each.addHandler(handler)
    try:
        yield lines
    finally:
        for each, propagate in before:
            each.removeHandler(handler)
            each.propagate = propagate


class _Kept(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self._lines.append(record.getMessage())
