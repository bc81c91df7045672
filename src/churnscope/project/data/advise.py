"""`advise`: which activity window and horizon the data of a config support."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from churnscope.activity import Activity
from churnscope.advice import Advice, Terms, silences_of
from churnscope.advice import advise as advise_on
from churnscope.config.models import Config
from churnscope.errors import ConfigError, InputError
from churnscope.events import Block
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet
from churnscope.operations.run import recorded
from churnscope.project.results import Summarised, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.reports.window_chart import window_chart

PICTURE = "windows.svg"


@dataclass(frozen=True, repr=False)
class AdviseResult(Summarised):
    """What the data support.

    Parameters
    ----------
    as_of : first day that is not read.
    sources : those whose rows count as activity.
    window, horizon : the config's own, in days; the longest window where its rules have several.
    picture : of every window.
    """

    name: str
    as_of: int
    advice: Advice
    sources: tuple[str, ...]
    window: int
    horizon: int
    picture: Path

    @property
    def summary(self) -> str:
        """What came out."""
        advice = self.advice
        return f"A window of {advice.window} days and a horizon of {advice.horizon} suit {self.name}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        same = (self.window, self.horizon) == (self.advice.window, self.advice.horizon)
        return "The config says so already." if same else f"Write into the config: {'; '.join(self.lines)}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The recommendation as the config spells it."""
        rules = ", ".join(f'{{ source = "{source}", days = {self.advice.window} }}' for source in self.sources)
        return ("[activity]", f"rules = [{rules}]", "[prediction]", f"horizon_days = {self.advice.horizon}")

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        asked = {"window_days": self.window, "horizon_days": self.horizon}
        found = {"advice": self.advice.to_json(), "lines": list(self.lines), "picture": str(self.picture)}
        return {"name": self.name, "as_of": iso(self.as_of), "sources": list(self.sources), "config": asked, **found}


def advise(config: Config, as_of: int | None, progress: Progress) -> AdviseResult:
    """Count the pauses, weigh every window and horizon, draw them; `Project.advise` says more."""
    rules = config.activity.rules
    if config.flat is not None:
        raise ConfigError(
            "A flat file holds no events: there are no pauses to weigh windows by.", "Its label says already who has left."
        )
    if any(rule.in_force for rule in rules):
        raise ConfigError(
            "[activity] rules: terms in force are counted, and advise weighs windows of events.",
            "What has been agreed says how long a term lasts; choose horizon_days by it.",
        )
    folders = Folders.of(config)
    with recorded(folders.ledger, "advise") as record, loaded_data(config, as_of, progress) as loaded:
        facts = facts_of("advise", config, loaded)
        record.run_id, record.as_of = facts.run_id, facts.as_of
        activity = Activity(config.activity, loaded.places, config.resolution)
        terms = Terms(loaded.first_day, loaded.as_of, config.label.delay_days, config.prediction.most_cutoffs)
        counted = silences_of(
            _told(loaded.blocks(), loaded.n_customers, progress),
            activity,
            span=(terms.first_day, terms.as_of),
            windows=terms.windows,
            timings=terms.timings,
        )
        if not counted.ended.sum():
            raise InputError(
                "No customer has come back on a second day: there are no pauses to learn from.",
                "Look whether [activity] names the right source, or give a longer history.",
            )
        advice = advise_on(counted, terms)
        outputs = OutputSet(folders.outputs / "advice" / iso(loaded.as_of), (PICTURE,))
        with outputs.held():
            if not outputs.is_intact(facts.run_id):
                outputs.write(facts, {PICTURE: lambda stream: _write(stream, advice)}, {"customers": advice.customers})
        record.outputs = [str(outputs.folder / PICTURE)]
    return AdviseResult(
        name=config.name,
        as_of=loaded.as_of,
        advice=advice,
        sources=tuple(dict.fromkeys(rule.source for rule in rules)),
        window=max(rule.reach_days for rule in rules),
        horizon=config.prediction.horizon_days,
        picture=outputs.folder / PICTURE,
    )


def _write(stream: BinaryIO, advice: Advice) -> int:
    stream.write(window_chart(advice))
    return 1


def _told(blocks: Iterator[Block], customers: int, progress: Progress) -> Iterator[Block]:
    for block in blocks:
        yield block
        progress("pauses", block.first + block.n_customers, customers)
