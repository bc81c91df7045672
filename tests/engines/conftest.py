from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded, open_engine

HEADER = "customer,time,amount\n"
GOOD = "a,2024-01-01 10:00:00,5\nb,2024-01-02 10:00:00,7.25\na,2024-01-03 10:00:00,1\n"


def source_of(path: Path | list[dict], **changes) -> dict:
    """A purchases source over CSV with the columns of HEADER; `changes` replace or add keys."""
    source = {
        "role": "purchases",
        "format": "csv",
        "files": path if isinstance(path, list) else str(path),
        "columns": {"customer": "customer", "time": "time", "amount": "amount"},
        "most_quarantined": 1.0,
    }
    return source | changes


def config_of(sources: dict[str, dict], **changes) -> Config:
    first = next(name for name, source in sources.items() if source["role"] != "customers")
    settings = {
        "name": "shop",
        "sources": sources,
        "activity": {"rules": [{"source": first, "days": 30}]},
        "prediction": {"horizon_days": 30},
    }
    return Config.model_validate(settings | changes)


class Shop:
    """Writes files, loads them, and keeps the engine open for the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack

    @property
    def quarantine(self) -> Path:
        return self.folder / "quarantine"

    def write(self, content: str | bytes, name: str = "rows.csv") -> Path:
        path = self.folder / name
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    def open(self, config: Config, *, as_of: int | None = None) -> Loaded:
        engine = self._stack.enter_context(open_engine(config, temp=self.folder))
        return engine.load(as_of=as_of, quarantine=self.quarantine)

    def load(self, content: str | bytes, *, as_of: int | None = None, settings: dict | None = None, **changes) -> Loaded:
        """Load one purchases source `orders` from the text of one CSV file."""
        return self.open(config_of({"orders": source_of(self.write(content), **changes)}, **(settings or {})), as_of=as_of)

    def rows(self, loaded: Loaded, role: str = "purchases", customers: int = 16_384) -> list[SimpleNamespace]:
        """The events of a role one by one, with ids."""
        return list(self._rows(loaded, role, customers))

    def _rows(self, loaded: Loaded, role: str, customers: int) -> Iterator[SimpleNamespace]:
        ids = loaded.ids()
        for block in loaded.blocks(customers):
            events = block.logs[role]
            for i in range(len(events.time)):
                signals = {name: values[i].item() for name, values in events.signals.items()}
                visible = None if events.visible_day is None else int(events.visible_day[i])
                person = ids[block.first + events.customer[i]]
                yield SimpleNamespace(
                    id=person, time=int(events.time[i]), day=int(events.day[i]), visible_day=visible, **signals
                )


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with ExitStack() as stack:
        yield Shop(tmp_path, stack)


@pytest.fixture
def source() -> Callable[..., dict]:
    return source_of


@pytest.fixture
def config() -> Callable[..., Config]:
    return config_of
