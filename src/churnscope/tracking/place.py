"""Where runs go, and how long it is waited for."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


@dataclass(frozen=True)
class Place:
    """Where runs go: a store and an experiment in it; `artifacts` is the folder for files of stores that are databases."""

    uri: str
    experiment: str
    artifacts: Path

    @property
    def is_database(self) -> bool:
        """Whether the client writes to a database itself, without a server."""
        return self.uri.startswith(DATABASES)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for: seconds for one request, and a moment of the monotonic clock for all of them."""

    request_seconds: int
    deadline: float = math.inf

    @classmethod
    def with_server(cls, place: Place, request_seconds: int, seconds: float) -> Patience:
        """So many seconds from now on; a database is waited for, for it answers or fails by itself."""
        return cls(request_seconds, math.inf if place.is_database else time.monotonic() + seconds)

    def check(self) -> None:
        """Refuse to ask for more when the time is over."""
        if time.monotonic() > self.deadline:
            raise TimeoutError("the server took longer than it is given.")
