"""Random purchase files around the days on which clocks change, and what plain Python makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from churnscope.config.models import Config
from churnscope.engines.duckdb import open_engine
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots
from churnscope.timeline import day_number
from oracle.history import Row

# Zone, and the days on which it changed its clocks in 2023: by half an hour on Lord Howe, at midnight in Beirut.
CHANGES = {
    "Europe/London": (date(2023, 3, 26), date(2023, 10, 29)),
    "America/New_York": (date(2023, 3, 12), date(2023, 11, 5)),
    "Australia/Lord_Howe": (date(2023, 4, 2), date(2023, 10, 1)),
    "Asia/Beirut": (date(2023, 3, 30), date(2023, 10, 29)),
    "Asia/Kathmandu": (date(2023, 4, 14), date(2023, 10, 15)),
}
WINDOWS = (1, 7, 30)
HEADER = "customer,time,amount,order,product,known"
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Line:
    """One line of a purchase file: instants in whole seconds, money in cents."""

    customer: str
    time: datetime
    cents: int
    order: str
    product: str
    known: datetime

    def text(self) -> str:
        return (
            f"{self.customer},{self.time:%Y-%m-%dT%H:%M:%SZ},{self.cents / 100:.2f},{self.order},{self.product},"
            f"{self.known:%Y-%m-%dT%H:%M:%SZ}"
        )

    def row(self, zone: ZoneInfo, codes: dict[str, int]) -> Row:
        wall = self.time.astimezone(zone)
        signals = {
            "amount": self.cents,
            "is_return": self.cents < 0,
            "order": codes.setdefault(self.order, len(codes)),
            "product": codes.setdefault(self.product, len(codes)),
            "minute_of_day": wall.hour * 60 + wall.minute,
        }
        day = (wall.date() - EPOCH).days
        visible = max(day + 1, first_day_begun_by(self.known, zone))
        return Row(day, int(self.time.timestamp()) * 10**6, visible, signals)


def first_day_begun_by(known: datetime, zone: ZoneInfo) -> int:
    """The first local day that begins at the instant or after it."""
    day = known.astimezone(zone).date()
    begins_now = (known - timedelta(seconds=1)).astimezone(zone).date() < day
    return (day - EPOCH).days + (not begins_now)


def random_lines(rng: np.random.Generator, zone: str, n: int) -> list[Line]:
    """Lines at whole hours and half hours around the changes, some tied, some twice, some known late."""
    lines = []
    for _ in range(n):
        change = CHANGES[zone][rng.integers(2)]
        middle = datetime(change.year, change.month, change.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        time = middle + timedelta(minutes=30 * int(rng.integers(-48 * 4, 48 * 3)), seconds=int(rng.choice([0, 0, -1])))
        known = time + timedelta(hours=12 * int(rng.choice([0, 0, 0, 1, 2, 9])))
        lines.append(
            Line(
                customer=str(rng.choice(["a", "b", "c", "d"])),
                time=time,
                cents=int(rng.choice([0, 1, 999, 10**6, -1, -250])),
                order=str(rng.choice(["", "o1", "o2", "o3"])),
                product=str(rng.choice(["", "tea", "Tee", "coffee"])),
                known=known,
            )
        )
    return lines


def cutoffs(zone: str) -> list[int]:
    return sorted(day_number(change) + slip for change in CHANGES[zone] for slip in (-1, 0, 1, 2, 8))


def write(folder: Path, files: Sequence[Iterable[Line]]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"sales_{number}.csv" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text("\n".join([HEADER, *(line.text() for line in lines)]) + "\n")
    return [str(path) for path in paths]


def build(paths: list[str], zone: str, **source: str) -> tuple[SnapshotPlan, list[str], SnapshotTable]:
    """The plan, the customers' ids, and the table in float64 of some files."""
    columns = {name: name for name in HEADER.split(",")}
    config = Config.model_validate(
        {
            "name": "files",
            "time_zone": zone,
            "complete_through": "2023-12-31",
            "sources": {"sales": {"role": "purchases", "format": "csv", "files": paths, "columns": columns, **source}},
            "activity": {"rules": [{"source": "sales", "days": 400}]},
            "prediction": {"horizon_days": 5},
            "features": {"windows_days": list(WINDOWS)},
            "engine": {"threads": 1},
        }
    )
    with open_engine(config) as engine:
        loaded = engine.load()
        plan = SnapshotPlan.from_config(config, loaded, cutoffs(zone))
        plan = SnapshotPlan(**{**vars(plan), "dtype": np.float64})
        return plan, loaded.ids().tolist(), build_snapshots(loaded.blocks(), plan, threads=1)


def without_copies(lines: Sequence[Line]) -> list[Line]:
    return list(Counter(lines))
