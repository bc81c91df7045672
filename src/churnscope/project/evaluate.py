"""`evaluate`: a saved model at the newest complete cutoff it never saw."""

from __future__ import annotations

import json
import time
from typing import BinaryIO

from churnscope.config.models import Config
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.days import newest_cutoff
from churnscope.project.judging import Judgement, judge
from churnscope.project.log import logged_run, pictures, track
from churnscope.project.models import load_model, matching_plan, model_facts, unseen
from churnscope.project.results import EvaluateResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.snapshots import build_snapshots


def evaluate(config: Config, as_of: int | None, progress: Progress, *, model: str) -> EvaluateResult:
    """Judge a saved model; `Project.evaluate` says more."""
    folders, started_ms = Folders.of(config), time.time_ns() // 1_000_000
    with recorded(folders.ledger, "evaluate") as record:
        bundle = load_model(config, model)
        with loaded_data(config, as_of, progress) as loaded:
            facts = facts_of("evaluate", config, loaded, model=model_facts(bundle))
            record.run_id, record.as_of = facts.run_id, facts.as_of
            cutoff = newest_cutoff(config, loaded.first_day, loaded.as_of)
            predictor, through = unseen(bundle, cutoff)
            plan = matching_plan(config, loaded, bundle, (cutoff,))
            customers = loaded.n_customers
            table = build_snapshots(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
        verdict = judge(config, predictor, table, cutoff)
        outputs = _write(folders, facts, verdict)
        record.counts = {"rows": verdict.evaluation.rows, "churned": verdict.evaluation.churned}
        record.outputs = [str(outputs.folder / name) for name in outputs.names]
        tracking = track(config, logged_run(config, facts, verdict, started_ms, bundle.version), record)
    return EvaluateResult(
        name=bundle.name,
        version=bundle.version,
        as_of=loaded.as_of,
        cutoff=cutoff,
        trained_through=through,
        evaluation=verdict.evaluation,
        grade=verdict.grade,
        outputs=tuple(outputs.folder / name for name in outputs.names),
        tracking=tracking,
    )


def _write(folders: Folders, facts: RunFacts, verdict: Judgement) -> OutputSet:
    """Figures and pictures of the cutoff as one output set."""
    document = {"cutoff": iso(verdict.cutoff), "evaluation": verdict.evaluation.to_json(), "grade": verdict.grade.to_json()}
    contents = {"evaluation.json": (json.dumps(document, indent=2, sort_keys=True) + "\n").encode(), **pictures(verdict)}
    outputs = OutputSet(folders.outputs / "evaluation" / iso(verdict.cutoff), tuple(contents))
    with outputs.held():
        if not outputs.is_intact(facts.run_id):
            writers = {name: _writer(content) for name, content in contents.items()}
            outputs.write(facts, writers, {"rows": verdict.evaluation.rows, "churned": verdict.evaluation.churned})
    return outputs


def _writer(content: bytes) -> Writer:
    def write(stream: BinaryIO) -> int:
        stream.write(content)
        return 1

    return write
