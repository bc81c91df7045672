"""`report`: one page on a model, how it was judged, and the customers it scores."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from churnscope.config.models import Config
from churnscope.decisions.list_figures import ListFigures
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, StorageError
from churnscope.files import storage_errors
from churnscope.model.bundle import Bundle
from churnscope.operations.logs import Progress
from churnscope.operations.looks import looks_at
from churnscope.operations.output_set import Manifest, OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.lifecycle.catalog import sections_of
from churnscope.project.models.drivers import explained_day
from churnscope.project.models.past import Past, audited_in, day_of, folds_of, judged_in, past_evaluations
from churnscope.project.models.saved import load_model, model_facts
from churnscope.project.results import ReportResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.reports.explained import Explained
from churnscope.reports.findings import Findings, Stamp
from churnscope.reports.page import Section
from churnscope.reports.report import report_page, with_lifecycle
from churnscope.reports.wording import day

LISTED = 20  # of the riskiest customers
ENDINGS = (".html", ".htm")
FIGURES = "figures.json"
OWNER_ALONE = 0o600  # may read and write what names customers


@dataclass(frozen=True)
class ReportRequest:
    """What is asked of a report beside the day."""

    model: str
    output: Path | None
    customers: bool


def report(config: Config, as_of: int | None, progress: Progress, request: ReportRequest) -> ReportResult:
    """Write the report of a day; `Project.report` says more."""
    folders = Folders.of(config)
    refuse_source_as_output(config, request.output)
    _refuse_other_endings(request.output)
    with recorded(folders.ledger, "report") as record:
        bundle = load_model(config, request.model)
        with loaded_data(config, as_of, progress) as loaded:
            past = past_evaluations(folders.predictions / "evaluation", config, loaded.as_of)
            looks = looks_at(folders.looks, bundle.figures["cutoff"])
            found = _newest_list(folders, loaded.as_of), _newest_lifecycle(folders, loaded.as_of)
            reporting = _Reporting(config, loaded, bundle, past, looks, *found, progress, names_customers=request.customers)
            facts = reporting.facts()
            record.run_id, record.as_of = facts.run_id, facts.as_of
            outputs = _output_set(folders, loaded.as_of, request.output)
            with outputs.held():
                was_done = outputs.is_intact(facts.run_id)
                if not was_done:
                    reporting.write(outputs, facts)
        page = outputs.folder / outputs.names[0]
        record.outputs = [str(page)]
    return ReportResult(
        name=bundle.name,
        version=bundle.version,
        as_of=loaded.as_of,
        run_id=facts.run_id,
        grade=judged_in(bundle.figures).grade,
        names_customers=request.customers,
        page=page,
        manifest=outputs.manifest_path,
        was_done=was_done,
    )


@dataclass(frozen=True)
class _Lived:
    """The newest life cycle by the day: when it was told, what people read of it, and the hash of its figures."""

    told_on: int
    sections: tuple[Section, ...]
    sha256: str


def _newest_lifecycle(folders: Folders, as_of: int) -> _Lived | None:
    """Of those in the outputs folder."""
    found = sorted((folders.outputs / "lifecycle").glob(f"????-??-??/{FIGURES}"))
    there = [path for path in found if day_of(path.parent.name) <= as_of]
    if not there:
        return None
    path, told_on = there[-1], day_of(there[-1].parent.name)
    with storage_errors(path, right="read"):
        content = path.read_bytes()
    try:
        sections = sections_of(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path} is damaged.", "Tell the life cycle again: churnscope lifecycle CONFIG") from error
    origin = f"Life cycle of {day(told_on)}: {path.parent.name}/{FIGURES}."
    return _Lived(told_on, tuple(replace(each, origin=origin) for each in sections), hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class _List:
    """The newest call list by the day: when it was made, its figures, and the hash of their file."""

    made_on: int
    figures: ListFigures
    sha256: str


def _newest_list(folders: Folders, as_of: int) -> _List | None:
    """Of the lists in the outputs folder; one that was written elsewhere is not found."""
    found = sorted((folders.outputs / "call_lists").glob(f"????-??-??/{FIGURES}"))
    there = [path for path in found if day_of(path.parent.name) <= as_of]
    if not there:
        return None
    with storage_errors(there[-1], right="read"):
        content = there[-1].read_bytes()
    try:
        figures = ListFigures.from_json(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{there[-1]} is damaged.", "Make the list again: churnscope call-list CONFIG") from error
    return _List(day_of(there[-1].parent.name), figures, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class _Reporting:
    """A model, the data of a day, and what was judged before."""

    config: Config
    loaded: Loaded
    bundle: Bundle
    past: tuple[Past, ...]
    looks: int
    listed: _List | None
    lived: _Lived | None
    progress: Progress
    names_customers: bool

    def facts(self) -> RunFacts:
        """All that decides what the page says."""
        options = {"customers": str(self.names_customers).lower()}
        judged = {f"evaluation {name}": digest for name, digest in self._evaluations().items()}
        options |= judged | {"looks": str(self.looks)}
        options |= {} if self.listed is None else {f"call list {iso(self.listed.made_on)}": self.listed.sha256}
        options |= {} if self.lived is None else {f"life cycle {iso(self.lived.told_on)}": self.lived.sha256}
        return facts_of("report", self.config, self.loaded, model=model_facts(self.bundle), options=options)

    def write(self, outputs: OutputSet, facts: RunFacts) -> Manifest:
        """Score, explain and write."""
        findings = self._findings(facts)
        self.progress("page", 0, 1)
        content = with_lifecycle(report_page(findings), () if self.lived is None else self.lived.sections).to_html()
        self.progress("page", 1, 1)
        writers = dict.fromkeys(outputs.names, _writer(content, private=self.names_customers))
        return outputs.write(facts, writers, {"active": len(findings.customers.probability)}, needed_bytes=len(content))

    def _findings(self, facts: RunFacts) -> Findings:
        bundle, judged = self.bundle, judged_in(self.bundle.figures)
        folds = folds_of(self.past, bundle.version)
        evaluations = {each.cutoff: each.evaluation for each in folds} | {each.cutoff: each.evaluation for each in self.past}
        return Findings(
            config=self.config,
            as_of=self.loaded.as_of,
            learned_from=tuple(sorted(day_of(text) for cutoffs in bundle.definition["split"].values() for text in cutoffs)),
            stands_in=bundle.stands_in,
            features=len(bundle.specs),
            dropped=len(bundle.dropped),
            judged=judged,
            looks=self.looks,
            past=evaluations | {judged.cutoff: judged.evaluation},
            newcomers={each.cutoff: each.newcomers for each in folds if each.newcomers is not None},
            customers=self._customers(),
            names_customers=self.names_customers,
            sources=self.loaded.reports,
            audit=audited_in(bundle.figures),
            stamp=Stamp(
                model=f"{bundle.name} {bundle.version}",
                version=facts.version,
                run_id=facts.run_id,
                config=facts.config,
                inputs=facts.inputs,
                evaluations=self._evaluations(),
            ),
            call_list=None if self.listed is None else (self.listed.made_on, self.listed.figures),
        )

    def _evaluations(self) -> dict[str, str]:
        """The files of evaluations that the page reads, by the day of their cutoff, with their hashes."""
        return {iso(each.cutoff): each.sha256 for each in self.past}

    def _customers(self) -> Explained:
        listed = LISTED if self.names_customers else 0
        return explained_day(self.config, self.loaded, self.bundle, self.progress, listed=listed)


def _refuse_other_endings(output: Path | None) -> None:
    if output is not None and output.suffix.lower() not in ENDINGS:
        raise ConfigError(f"{output.name}: a report is an HTML page.", f"Let its name end in {' or '.join(ENDINGS)}.")


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The file the user named, or one in a folder of the day."""
    if output is not None:
        return OutputSet.beside(output)
    return OutputSet(folders.predictions / "reports" / iso(as_of), ("report.html",))


def _writer(content: bytes, *, private: bool) -> Writer:
    def write(stream: BinaryIO) -> int:
        if private:
            os.fchmod(stream.fileno(), OWNER_ALONE)  # before anything is in it
        stream.write(content)
        return 1

    return write
