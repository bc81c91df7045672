"""The causes of all rules of a config, found in what its sources and earlier scores tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from churnscope.activity import Activity
from churnscope.alerts import Cause, Found
from churnscope.alerts.causes import together
from churnscope.alerts.on_rows import grown_old, happened, rows_of, silent_newcomers, waiting
from churnscope.alerts.on_scores import ScoreSet, at_risk, group_at_risk, jumped
from churnscope.alerts.on_stages import entered, eroded
from churnscope.config.alerts import BAND, STAGE, AlertRule
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.events import Block
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.operations.logs import Progress
from churnscope.project.lifecycle.score_sets import ScoreFiles
from churnscope.project.lifecycle.stages import life_of
from churnscope.project.money.list_inputs import BANDS

IN_ROWS = frozenset({"event", "open_complaint", "onboarding_silence"})
IN_STAGES = frozenset({"stage", "erosion"})
IN_SCORES = frozenset({"probability", "value_at_risk"})
LONGEST_MONTHS = 62  # days of two: the month that ended on a day began no earlier


@dataclass(frozen=True)
class Facts:
    """All that rules look at.

    Parameters
    ----------
    files : of scores.
    first : causes that were seen before this day are of no interest.
    today : the day by the clock, for the age of sources.
    """

    config: Config
    loaded: Loaded
    files: ScoreFiles
    first: int
    today: int
    progress: Progress

    def causes(self) -> Iterator[Cause]:
        """Of every rule."""
        for name, found in self._in_rows().items():
            yield from self._of_interest(name, found)
        for name, rule in self._rules.items():
            if rule.kind in IN_STAGES:
                yield from self._in_stages(name, rule)
            elif rule.kind in IN_SCORES:
                yield from self._in_scores(name, rule)
            elif rule.kind == "freshness":
                yield from self._in_age(name, rule)

    @property
    def _rules(self) -> Mapping[str, AlertRule]:
        return {} if self.config.alerts is None else self.config.alerts.rules

    def _of_interest(self, name: str, found: Found) -> Iterator[Cause]:
        return found.where((found.seen >= self.first) & (found.seen <= self.loaded.as_of)).causes(name, self._ids)

    @cached_property
    def _ids(self) -> np.ndarray:
        return self.loaded.ids()

    def _in_rows(self) -> dict[str, Found]:
        """The rows of all customers pass by once."""
        rules = {name: rule for name, rule in self._rules.items() if rule.kind in IN_ROWS}
        if not rules:
            return {}
        parts: dict[str, list[Found]] = {name: [] for name in rules}
        activity = Activity(self.config.activity, self.loaded.places, self.config.resolution)
        for block in self.loaded.blocks():
            for name, rule in rules.items():
                parts[name].append(self._of_block(rule, block, activity).moved(block.first))
            self.progress("alerts", block.first + block.n_customers, self.loaded.n_customers)
        return {name: together(found) for name, found in parts.items()}

    def _of_block(self, rule: AlertRule, block: Block, activity: Activity) -> Found:
        as_of, days = self.loaded.as_of, rule.days or 0
        if rule.kind == "onboarding_silence":
            return silent_newcomers(activity, block.logs, days, as_of)
        assert rule.source is not None
        role, place = self.loaded.places[rule.source]
        rows = rows_of(block.logs[role].seen_by(as_of), place, rule.where)
        return happened(rows, rule.open_days) if rule.kind == "event" else waiting(rows, days, as_of)

    @cached_property
    def _spells(self) -> Spells:
        return life_of(self.config, self.loaded, self.progress, groups=()).spells

    def _in_stages(self, name: str, rule: AlertRule) -> Iterator[Cause]:
        if rule.kind == "stage":
            yield from self._of_interest(name, entered(self._spells, rule.enters, rule.comes_from))
        else:
            assert rule.above is not None
            first_day = max(self.loaded.first_day, self.first - LONGEST_MONTHS)
            causes = eroded(name, self._spells, first_day, rule.above)
            yield from (cause for cause in causes if cause.seen >= self.first)

    @cached_property
    def _sets(self) -> list[ScoreSet]:
        return self.files.read(self.config, self._ids)

    def _in_scores(self, name: str, rule: AlertRule) -> Iterator[Cause]:
        if rule.kind == "probability":
            yield from self._of_interest(name, jumped(self._sets, rule.jump, becomes_high=rule.becomes_high))
            return
        if self._sets and self.config.profit is None and not self.files.values:
            advice = "Run churnscope value first, or give [profit] value."
            raise InputError(f"[alerts] rules.{name}: nothing says what a customer is worth.", advice)
        assert rule.above is not None
        if rule.group is None:
            yield from self._of_interest(name, at_risk(self._sets, rule.above))
            return
        sets, groups = self._grouped(name, rule.group)
        causes = group_at_risk(name, sets, rule.above, groups)
        yield from (cause for cause in causes if cause.seen >= self.first)

    def _grouped(self, name: str, group: str) -> tuple[list[ScoreSet], tuple[str, ...]]:
        """The sets with the groups that are asked for."""
        if group == BAND:
            return self._sets, BANDS
        if group == STAGE:
            return [self._with_stages(each) for each in self._sets], STAGES
        told = frozenset().union(*(each.groups for each in self._sets))
        if self._sets and group not in told:
            known = {STAGE, BAND, *(told - set(BANDS))}
            raise ConfigError(f"[alerts] rules.{name} group: the scores tell no group {group!r}.", nearest(group, known))
        return self._sets, (group,)

    def _with_stages(self, scores: ScoreSet) -> ScoreSet:
        codes = self._spells.on(scores.day)
        groups = {stage: codes == code for code, stage in enumerate(STAGES)}
        return ScoreSet(scores.day, scores.probability, scores.is_high, scores.value, groups)

    def _in_age(self, name: str, rule: AlertRule) -> Iterator[Cause]:
        assert rule.source is not None
        assert rule.days is not None
        newest = next(report.last_day for report in self.loaded.reports if report.name == rule.source)
        yield from grown_old(name, rule.source, newest, self.today, rule.days)
