"""`churnscope sync`: runs that did not reach the tracking store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from churnscope.cli.figures import tracking_line
from churnscope.cli.options import ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, count
from churnscope.cli.session import session

if TYPE_CHECKING:
    from churnscope.project.results import SyncResult


def sync(config: ConfigFile, *, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False) -> None:
    """Send runs that could not be logged before.

    A tracking store that was absent or slow loses nothing: its runs wait in the outputs folder. Each is sent once.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).sync(), describe)


def describe(result: SyncResult) -> Iterator[Part]:
    """How many were sent, and what became of each."""
    sent = sum(bool(logged.run_id) for logged in result.runs)
    yield f"{count(sent)} sent, {count(len(result.runs) - sent)} still waiting."
    for logged in result.runs:
        yield from tracking_line(logged)
