"""`audit`: whether the training table knows what could not be known; `train` asks the same before it learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.evaluation.as_of_today import MOST_CUSTOMERS, Current, compared_with_today
from churnscope.evaluation.filled_later import Filled, filled_later
from churnscope.evaluation.later_rows import Change, Sample, changed_by_later_rows, few, signals_read
from churnscope.evaluation.leak_audit import SIMPLE, Finding, Kind, Strong, enough_of, settled, too_good
from churnscope.events import Block
from churnscope.features import FeatureSpec
from churnscope.features.log import RESERVED_SIGNALS
from churnscope.operations.logs import Progress
from churnscope.operations.run import recorded
from churnscope.project.data.known_past import KnownPast
from churnscope.project.data.origins import BUILT_IN, family_place, is_mapped, place
from churnscope.project.days import training_split
from churnscope.project.models.dividing import built_at, divided
from churnscope.project.models.saved import snapshot_plan
from churnscope.project.results import AuditResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots
from churnscope.timeline import Split

NO_DATE = "no date: it may have been written after the outcome"


@dataclass(frozen=True)
class Audited:
    """What was found in a training table and in the sources it was built from."""

    past: KnownPast
    findings: tuple[Finding, ...]
    unchecked: Mapping[str, str]
    customers: int
    cutoffs: tuple[int, ...]

    def to_json(self) -> list[dict[str, str]]:
        """The findings, JSON-ready."""
        return [finding.to_json() for finding in self.findings]

    def refuse_leaks(self) -> None:
        """Refuse to learn from what knows the outcome.

        Raises
        ------
        InputError : naming every leak that nobody has accepted.
        """
        leaks = [finding for finding in self.findings if finding.refuses]
        if leaks:
            told = "\n".join(f"{leak.subject}: {leak.what}\n  {leak.where}" for leak in leaks)
            raise InputError(
                f"The leak audit refuses to train.\n{told}",
                f"{leaks[0].advice}\nchurnscope audit CONFIG shows all. Where it is no leak, say why: "
                f'[audit] accept = {{ "{leaks[0].subject}" = "the reason" }}',
            )


def audit(config: Config, as_of: int | None, progress: Progress, *, renew: bool) -> AuditResult:
    """Build the table that `train` would learn from and look for leaks; `Project.audit` says more."""
    folders = Folders.of(config)
    with recorded(folders.ledger, "audit") as record, loaded_data(config, as_of, progress) as loaded:
        record.run_id, record.as_of = facts_of("audit", config, loaded).run_id, iso(loaded.as_of)
        split = training_split(config, loaded)
        plan = snapshot_plan(config, loaded, built_at(split.all, loaded))
        table, audited = audited_table(config, loaded, plan, split, progress)
        audited.past.remember(all_sources=renew)
        record.counts = {"snapshots": len(table.customer), "findings": sum(f.is_open for f in audited.findings)}
        return AuditResult(
            name=config.name,
            as_of=loaded.as_of,
            findings=audited.findings,
            unchecked=audited.unchecked,
            snapshots=len(table.customer),
            features=len(plan.specs),
            customers=audited.customers,
            cutoffs=audited.cutoffs,
            compared_with=audited.past.then,
            renewed=renew,
        )


def audited_table(
    config: Config, loaded: Loaded, plan: SnapshotPlan, split: Split, progress: Progress
) -> tuple[SnapshotTable, Audited]:
    """The training table, and what an audit finds in it."""
    customers = loaded.n_customers
    sample = Sample(plan.cutoffs[len(plan.cutoffs) // 2], customers)
    people = Sample(None, customers, MOST_CUSTOMERS)
    blocks = people.watching(sample.watching(loaded.blocks()))
    table = build_snapshots(blocks, plan, progress=lambda done: progress("features", done, customers))
    table = divided(config, loaded, table)
    progress("audit", 0, 1)
    past = KnownPast.of(config, loaded)
    look = _Look(config, loaded, plan, sample.block, people.block)
    today, unchecked = look.as_of_today()
    filled = look.filled(split)
    named = {finding.subject for finding in filled}
    told = [finding for finding in look.too_good(table, split) if finding.subject not in named]
    findings = settled((*filled, *told, *today, *look.later_rows(), *past.findings), config.audit.accept)
    progress("audit", 1, 1)
    return table, Audited(past, findings, unchecked, look.sample.n_customers, few(plan.cutoffs))


@dataclass(frozen=True)
class _Look:
    """Looks at the features of a training table, and says where each comes from.

    Parameters
    ----------
    sample : customers with a future, whose features are built again.
    people : customers of any kind, whose columns are looked at.
    """

    config: Config
    loaded: Loaded
    plan: SnapshotPlan
    sample: Block
    people: Block

    @property
    def simple(self) -> tuple[str, ...]:
        """The families of the simple rules: money as well, where it decides who is active."""
        adds_money = any(rule.measure != "events" for rule in self.config.activity.rules)
        return (*SIMPLE, "monetary") if adds_money else SIMPLE

    def too_good(self, table: SnapshotTable, split: Split) -> Iterator[Finding]:
        """Features that tell the outcome alone, those of one column together."""
        strong: dict[int, Strong] = {}
        for cutoffs in (split.before_test, split.test):
            rows = enough_of(np.flatnonzero(np.isin(table.cutoff, cutoffs) & (table.churned >= 0)))
            for one in too_good(table.features[rows], table.churned[rows], self.plan.specs, simple=self.simple):
                strong[one.position] = max(one, strong.get(one.position, one), key=attrgetter("auroc"))
        read = signals_read(self.sample, self.plan, tuple(strong)) if strong else {}
        by_origin: dict[_Origin, list[Strong]] = {}
        for one in sorted(strong.values(), key=attrgetter("auroc"), reverse=True):
            by_origin.setdefault(self._origin(one.position, read[one.position]), []).append(one)
        return (self._too_good(origin, members) for origin, members in by_origin.items())

    def filled(self, split: Split) -> list[Finding]:
        """Columns that are there for those who churned and not for the others."""
        groups = (split.before_test, split.test) if self.config.has_days else (self.plan.cutoffs,)
        return [self._filled(one) for one in filled_later(self.people, self.plan, groups, simple=self.simple)]

    def as_of_today(self) -> tuple[list[Finding], dict[str, str]]:
        """Columns without history that are as of today, and those of which nobody can tell."""
        compared = compared_with_today(self.people, self.plan)
        unchecked = {self._mapped(role, name)[0]: why for (role, name), why in compared.unchecked.items()}
        return [self._current(one) for one in compared.current], unchecked | self._undated()

    def _undated(self) -> dict[str, str]:
        """Columns of a file without date: nobody can tell whether they were written before the outcome or after."""
        if self.config.has_days:
            return {}
        names = {(source, name) for source, (role, _) in self.loaded.places.items() for name in self.plan.columns[role]}
        told = {name for source, name in names if name not in ROLES[self.config.sources[source].role].carried}
        return {f"{source}.{name}": NO_DATE for source, name in names if name in told - RESERVED_SIGNALS}

    def later_rows(self) -> Iterator[Finding]:
        """Features that read what had not happened, or was not known, and those that come out differently each time."""
        looked = changed_by_later_rows(self.sample, self.plan)
        for change in looked.unrepeatable:
            yield self._changed(
                change,
                "is not repeatable",
                "It came out differently when it was built twice",
                "Take what is drawn at random, the clock and whatever is kept between two calls out of the family.",
            )
        for change in looked.ahead:
            yield self._changed(
                change,
                "reads later rows",
                "It changed when rows from the cutoff on were left out or altered",
                "Ask the log's own questions (count, total, largest ...), which end at the cutoff; what `derive` computes for "
                "a row may read that row and earlier ones only.",
            )

    def _too_good(self, origin: _Origin, members: Sequence[Strong]) -> Finding:
        best, others = members[0], len(members) - 1
        more = f"; {others} more of its features are too good as well" if others else ""
        return Finding(
            kind="tells the outcome",
            severity="leak" if any(one.severity == "leak" for one in members) else "suspicious",
            subject=origin.subject,
            where=origin.where,
            what=f"{self.plan.specs[best.position].name} alone reaches AUROC {best.auroc:.3f}, the best simple rule "
            f"{best.rule:.3f}{more}.",
            advice="Check when its values became known: one that was computed after the outcome needs that time "
            "(columns.known), or has to be left out.",
        )

    def _filled(self, one: Filled) -> Finding:
        subject, where = self._mapped(one.role, one.column)
        return Finding(
            kind="is filled by the outcome",
            severity=one.severity,
            subject=subject,
            where=where,
            what=f"At the cutoff {one.column} is filled for {one.churned:.1%} of those who churned and {one.stayed:.1%} of "
            "those who stayed.",
            advice="It is entered once the outcome is known, as a reason for leaving is: leave it out, or give the day on "
            "which it was entered (columns.known).",
        )

    def _current(self, one: Current) -> Finding:
        subject, where = self._mapped(one.role, one.column)
        return Finding(
            kind="is as of today",
            severity=one.severity,
            subject=subject,
            where=where,
            what=f"It orders {one.customers:,} customers as {one.feature} does on {iso(self.plan.as_of)} (agreement "
            f"{one.now:.4f} of 1), and not as on {iso(one.cutoff)} ({one.then:.4f}): at every cutoff it tells what came after.",
            advice=f"Leave it out: {one.feature} tells the same as of each cutoff. Or read a table that keeps every value with "
            "the day from which it held.",
        )

    def _mapped(self, role: str, name: str) -> tuple[str, str]:
        """The source and column behind a signal of a role, and where that is written."""
        source = next(
            source
            for source, (its_role, _) in self.loaded.places.items()
            if its_role == role and is_mapped(self.config, source, name)
        )
        return f"{source}.{name}", place(self.config, source, name)

    def _changed(self, change: Change, kind: Kind, what: str, advice: str) -> Finding:
        often = f"for {change.differed:,} of {change.looked_at:,} customers and cutoffs looked at"
        spec = self.plan.specs[change.position]
        return Finding(kind, "leak", spec.name, self._family(spec), f"{what}, {often}.", advice)

    def _origin(self, position: int, read: Sequence[tuple[str, str]]) -> _Origin:
        """The columns behind the signals that a feature reads, and its family where it is one of the user's own."""
        spec = self.plan.specs[position]
        columns = [
            (source, name)
            for role, name in read
            for source, (its_role, _) in self.loaded.places.items()
            if its_role == role and is_mapped(self.config, source, name)
        ]
        places = [place(self.config, source, name) for source, name in columns] or ["only the times of rows"]
        if spec.family not in BUILT_IN:
            places.append(self._family(spec))
        return _Origin(".".join(columns[0]) if columns else spec.name, "; ".join(places))

    def _family(self, spec: FeatureSpec) -> str:
        return family_place(next(family for family in self.plan.families if family.name == spec.family))


@dataclass(frozen=True)
class _Origin:
    """What a finding speaks of, and where that is written."""

    subject: str
    where: str
