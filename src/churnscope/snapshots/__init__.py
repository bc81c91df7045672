"""The snapshot table: one row of features and label for each active customer at each cutoff."""

from churnscope.snapshots.build import build_scoring_rows, build_snapshots, stream_snapshots
from churnscope.snapshots.parts import in_parts
from churnscope.snapshots.plan import Facts, SnapshotPlan
from churnscope.snapshots.table import ACTIVE, INACTIVE, LONG_GONE, NO_HISTORY, NOT_DUE, ScoringRows, SnapshotTable
from churnscope.snapshots.warmup import warmup

__all__ = [
    "ACTIVE",
    "INACTIVE",
    "LONG_GONE",
    "NOT_DUE",
    "NO_HISTORY",
    "Facts",
    "ScoringRows",
    "SnapshotPlan",
    "SnapshotTable",
    "build_scoring_rows",
    "build_snapshots",
    "in_parts",
    "stream_snapshots",
    "warmup",
]
