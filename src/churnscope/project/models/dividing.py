"""Snapshots of the cutoffs of a split: of a file without date, those of its day, divided by customers."""

from __future__ import annotations

from collections.abc import Sequence

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.operations.logs import Progress
from churnscope.scoring import id_hashes
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots, in_parts
from churnscope.timeline import is_part


def built_at(cutoffs: Sequence[int], loaded: Loaded) -> tuple[int, ...]:
    """The days at which the rows of some cutoffs are built; for parts of the customers, the day that ends the data."""
    return (loaded.as_of,) if any(map(is_part, cutoffs)) else tuple(cutoffs)


def divided(config: Config, loaded: Loaded, table: SnapshotTable) -> SnapshotTable:
    """Snapshots as they are split: by their cutoffs, or by parts of the customers where rows have no date."""
    return table if config.has_days else in_parts(table, id_hashes(loaded.ids()), config.model.seed)


def built(config: Config, loaded: Loaded, plan: SnapshotPlan, progress: Progress) -> SnapshotTable:
    """Build the snapshots of a plan, to be split."""
    customers = loaded.n_customers
    table = build_snapshots(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
    return divided(config, loaded, table)
