"""From sorted blocks to the table, a few parts at a time."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from churnscope.events import Block
from churnscope.lifecycle.spells import Standing
from churnscope.snapshots.answer import answer
from churnscope.snapshots.plan import SnapshotPlan
from churnscope.snapshots.table import Part, ScoringRows, SnapshotTable, join_parts

PART_CELLS = (
    32_768  # customers x cutoffs of one piece of work: smaller ones wait for the interpreter, larger ones leave the cache
)
SWITCH_SECONDS = 1e-4  # a thread back from a kernel must not wait the default 5 ms for the interpreter

Progress = Callable[[int], None]


def build_snapshots(
    blocks: Iterable[Block], plan: SnapshotPlan, *, threads: int = 2, progress: Progress | None = None
) -> SnapshotTable:
    """The table of all active customers at all cutoffs of a plan.

    Parameters
    ----------
    blocks : all customers in order, each with the rows of every role.
    threads : workers; the result does not depend on their number, nor on how customers are cut into blocks.
    progress : told the customers done so far, now and then.
    """
    return join_parts(list(_answers(blocks, plan, threads, progress)), plan)


def stream_snapshots(
    blocks: Iterable[Block], plan: SnapshotPlan, *, threads: int = 2, progress: Progress | None = None
) -> Iterator[SnapshotTable]:
    """The same rows in pieces, each the table of some customers, in their order: for tables larger than memory."""
    return (join_parts([part], plan) for part in _answers(blocks, plan, threads, progress))


def build_scoring_rows(
    blocks: Iterable[Block], plan: SnapshotPlan, *, threads: int = 2, progress: Progress | None = None
) -> ScoringRows:
    """The table at the single cutoff of a plan, and the status of every customer, listed or not.

    Raises
    ------
    ValueError : when the plan has more than one cutoff.
    """
    if len(plan.cutoffs) != 1:
        msg = f"scoring is done at one cutoff, not at {len(plan.cutoffs)}"
        raise ValueError(msg)
    parts = list(_answers(blocks, plan, threads, progress, with_types=True))
    status = np.concatenate([np.empty(0, np.int8), *(part.status[0] for part in parts)])
    days = np.concatenate([np.empty(0, np.float32), *(part.days_since_last[0] for part in parts)])
    none = np.empty(0, np.bool_)
    types = {name: np.concatenate([none, *(part.types[name][0] for part in parts)]) for name in plan.types.names}
    standing = Standing.joined([part.standing for part in parts if part.standing is not None]) if plan.tells_lives else None
    return ScoringRows(join_parts(parts, plan), status, days, types, standing)


def _answers(
    blocks: Iterable[Block], plan: SnapshotPlan, threads: int, progress: Progress | None, *, with_types: bool = False
) -> Iterator[Part]:
    """Parts in order; few are under way at a time, so that no more memory is held than the workers need."""
    size = max(64, PART_CELLS // len(plan.cutoffs))
    n_features = len(plan.specs)  # also made once before the workers ask for it
    waiting: deque[Future[Part]] = deque()
    with _short_turns(), ThreadPoolExecutor(threads, "snapshots") as pool:
        for part in (part for block in blocks for part in block.parts(size)):
            waiting.append(pool.submit(answer, part, plan, n_features, with_types=with_types))
            if len(waiting) > threads:
                yield _told(waiting.popleft().result(), progress)
        while waiting:
            yield _told(waiting.popleft().result(), progress)


def _told(part: Part, progress: Progress | None) -> Part:
    if progress is not None:
        progress(part.first + part.status.shape[1])
    return part


@contextmanager
def _short_turns() -> Iterator[None]:
    patience = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(patience)
