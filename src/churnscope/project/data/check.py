"""`check`: what is in the sources, and whether it is enough to train on."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.operations.logs import Progress
from churnscope.operations.run import recorded
from churnscope.project.data.attributes import left_out, read_as_text
from churnscope.project.data.known_past import KnownPast
from churnscope.project.days import backtest_splits, complete_cutoffs, training_split
from churnscope.project.results import CheckResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data


def check(config: Config, as_of: int | None, progress: Progress) -> CheckResult:
    """Read every source and count; `Project.check` says more."""
    folders = Folders.of(config)
    with (
        recorded(folders.ledger, "check") as record,
        loaded_data(config, as_of, progress, with_duplicates=True) as loaded,
    ):
        record.run_id, record.as_of = facts_of("check", config, loaded).run_id, iso(loaded.as_of)
        quarantined = sum(sum(report.quarantined.values()) for report in loaded.reports)
        record.counts = {f"{report.name}_used": report.used for report in loaded.reports}
        past = KnownPast.of(config, loaded)
        past.remember(all_sources=False)
        return CheckResult(
            as_of=loaded.as_of,
            complete_through=loaded.complete_through,
            reports=loaded.reports,
            cutoffs=_learned_from(config, loaded),
            advice=(
                *history_advice(config, loaded),
                *_unread_labels(config),
                *left_out(config, loaded),
                *read_as_text(loaded),
                *(f"{finding.subject}: {finding.what} {finding.advice}" for finding in past.findings if finding.is_open),
                *(line for r in loaded.reports for line in r.advice),
            ),
            quarantine=folders.quarantine if quarantined else None,
        )


def _learned_from(config: Config, loaded: Loaded) -> tuple[int, ...]:
    """The complete cutoffs, or the parts of the customers that stand in their place."""
    if config.has_days:
        return complete_cutoffs(config, loaded)
    return tuple(split.test[0] for split in backtest_splits(config, loaded))


def history_advice(config: Config, loaded: Loaded) -> tuple[str, ...]:
    """What is missing for training, if anything."""
    try:
        training_split(config, loaded)
    except InputError as error:
        return (f"Training is not possible yet: {error.what} {error.advice}",)
    return ()


def _unread_labels(config: Config) -> Iterator[str]:
    """Labels that are there and that nobody asks for."""
    for name, source in config.sources.items():
        if source.role == "labels" and config.label.kind != "given":
            yield f'Source {name} holds labels that are not read: write kind = "given" under [label] to learn from them.'
