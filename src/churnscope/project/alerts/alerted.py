"""What `alerts run` answers: by rule how many alerts are new, open and resolved, who was told, and where the files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.project.results import WithRows, iso, near
from churnscope.reports.wording import counted

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True)
class RuleFigures:
    """How a rule stands.

    Parameters
    ----------
    new, open : alerts that this run found, and all that are open, these among them.
    resolved : alerts that were open, or were found, and whose cause is gone.
    held_back : new ones that are in the file alone, by the rule's limit.
    """

    kind: str
    severity: str
    new: int
    open: int
    resolved: int
    held_back: int


@dataclass(frozen=True)
class Delivery:
    """What became of a message: `sent`, or why it waits."""

    destination: str
    message_id: str
    title: str
    sent: bool
    reason: str


@dataclass(frozen=True, repr=False)
class AlertsResult(WithRows):
    """A run of the alerts.

    Parameters
    ----------
    rules : by name, in the order of the config.
    quiet : by rule, causes that were not told of since one of the same customer was, shortly before.
    since : the first day that no earlier run had looked at.
    deliveries : of this run's messages, and of those that had been waiting.
    messages : with a dry run, what would be said: destination and text.
    outputs : what was written; empty with a dry run.
    was_done : whether the very same run had been done before and its files were intact.
    notes : what to know of the inputs.
    """

    name: str
    as_of: int
    since: int
    run_id: str
    rules: Mapping[str, RuleFigures]
    quiet: Mapping[str, int]
    deliveries: tuple[Delivery, ...]
    messages: tuple[tuple[str, str], ...]
    outputs: tuple[Path, ...]
    manifest: Path | None
    was_done: bool
    notes: tuple[str, ...]

    @property
    def new(self) -> int:
        """Alerts that this run found."""
        return sum(rule.new for rule in self.rules.values())

    @property
    def summary(self) -> str:
        """What came out."""
        resolved = sum(rule.resolved for rule in self.rules.values())
        found = counted(self.new, "new alerts")
        still = sum(rule.open for rule in self.rules.values())
        return f"{self.name} as of {iso(self.as_of)}: {found}, {still:,} open, {resolved:,} resolved"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return f"Look at {near(self.outputs[0])}" if self.outputs else "Nothing was written or sent: this was a dry run."

    def frame(self) -> Frame:
        """The alerts as written: those that are open, and those this run resolved.

        Raises
        ------
        StorageError : when the file is gone or cannot be read, and after a dry run.
        """
        from churnscope.errors import StorageError
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        if not self.outputs:
            raise StorageError("A dry run writes no alerts.", "Run it without dry_run.")
        return Frame(read_export(self.outputs[0]), "an alert")

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "as_of": iso(self.as_of),
            "since": iso(self.since),
            "run_id": self.run_id,
            "rules": {name: asdict(rule) for name, rule in self.rules.items()},
            "quiet": dict(self.quiet),
            "deliveries": [asdict(delivery) for delivery in self.deliveries],
            "messages": [{"destination": name, "text": text} for name, text in self.messages],
            "outputs": [str(path) for path in self.outputs],
            "manifest": None if self.manifest is None else str(self.manifest),
            "was_done": self.was_done,
            "notes": list(self.notes),
        }
