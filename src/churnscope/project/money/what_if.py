"""`what-if`: what the best list would bring with other money, time, offers and acceptance, written as one output set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from churnscope import __version__
from churnscope.config.identity import config_hash
from churnscope.config.models import CallList, Config
from churnscope.decisions.control_group import ControlGroup
from churnscope.decisions.sharing import Team
from churnscope.decisions.what_if import ACCEPTANCES, OFFER_COSTS, Grid, Outlook, Terms, outlooks, steps_of
from churnscope.errors import ConfigError
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.money.list_inputs import Files, Inputs, Past, Reading, Scores, asked_occasions, gathered, outside
from churnscope.project.money.outcomes import store_of
from churnscope.project.money.what_ifs import WhatIfFigures, WhatIfResult
from churnscope.project.results import iso
from churnscope.project.session import Folders, refuse_source_as_output
from churnscope.reports.what_if_chart import what_if_chart
from churnscope.scoring import id_hashes
from churnscope.timeline import date_of

PICTURE, FIGURES = "what_if.svg", "figures.json"
TRIED = ("budgets", "minutes", "offer_costs", "acceptances")
DIGITS = 4


@dataclass(frozen=True)
class WhatIfRequest:
    """What is asked: the files, what to try, and where it goes; empty tuples stand for what is usual."""

    scores: Path | None = None
    values: Path | None = None
    budgets: tuple[float, ...] = ()
    minutes: tuple[float, ...] = ()
    offer_costs: tuple[float, ...] = ()
    acceptances: tuple[float, ...] = ()
    output: Path | None = None
    wait_seconds: float = 0


def what_if(config: Config, progress: Progress, request: WhatIfRequest) -> WhatIfResult:
    """Try other terms; `Project.what_if` says more."""
    folders, settings = Folders.of(config), _settings(config, request)
    with recorded(folders.ledger, "what-if") as record:
        files = Files.of(folders, config, request.scores, request.values)
        progress("read", 0, 1)
        scores = Scores.read(files.scores)
        there = outside(config, settings.show, settings.reach, scores.as_of, asked_occasions(config))
        with store_of(config) as store:
            won_back = store.win_back_ways(date_of(scores.as_of)).last_step
            campaign, silent = settings.campaign or config.name, store.asked_for_silence()
            past = Past.of(store.history(), scores.as_of, campaign, won_back, silent)
        asked = {name: list(getattr(request, name)) for name in TRIED}
        facts = RunFacts(
            command="what-if",
            as_of=iso(scores.as_of),
            version=__version__,
            config=config_hash(config),
            inputs=files.hashes() | dict(there.inputs),
            options={"tried": json.dumps(asked)} | ({"outcomes": past.digest} if past.digest else {}),
        )
        record.run_id, record.as_of = facts.run_id, facts.as_of
        progress("read", 1, 1)
        outputs = _output_set(folders, scores.as_of, request.output)
        with outputs.held(wait_seconds=request.wait_seconds):
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                progress("choose", 0, 1)
                inputs = gathered(config, settings, Reading(files, scores, past, there))
                figures = _tried(config, settings, inputs, request)
                writers = {name: _writer(name, figures) for name in outputs.names}
                outputs.write(facts, writers, {"tried": len(figures.outlooks)})
                progress("choose", 1, 1)
            manifest = outputs.read()
            written = tuple(outputs.folder / name for name in outputs.names)
            figures = WhatIfFigures.from_json(json.loads(written[-1].read_bytes()))
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    return WhatIfResult(config.name, scores.as_of, facts.run_id, figures, written, outputs.manifest_path, was_done)


def _settings(config: Config, request: WhatIfRequest) -> CallList:
    if config.call_list is None:
        raise ConfigError(
            "The config says nothing of a call list.", "Add [call_list] and [actions]: see configs/reference.toml."
        )
    for name in TRIED:
        if not all(0 <= number < np.inf for number in getattr(request, name)):
            raise ConfigError(f"{name.replace('_', ' ')}: a number below 0, or none, cannot be tried.", "Give 0 or more.")
    refuse_source_as_output(config, request.output)
    if request.output is not None:
        export(request.output)
    return config.call_list


def _tried(config: Config, settings: CallList, inputs: Inputs, request: WhatIfRequest) -> WhatIfFigures:
    team = Team.of(settings.agents, inputs.languages)
    minutes = float(team.minutes.sum())
    group = ControlGroup(
        settings.salt or config.name, settings.campaign or config.name, settings.control_share, settings.universal_share
    )
    held = group.holds(inputs.ids.tolist())
    terms = Terms(
        inputs.customers,
        config.actions,
        settings.hour_cost,
        np.asarray(team.speaks.any(axis=1) & ~np.asarray(held)),
        id_hashes(inputs.ids),
        minutes,
        settings.budget,
    )
    grid = Grid(
        budgets=_budgets(terms, request.budgets),
        minutes=steps_of(minutes, asked=request.minutes),
        offer_costs=_with_present(request.offer_costs) or OFFER_COSTS,
        acceptances=_with_present(request.acceptances) or ACCEPTANCES,
    )
    found = tuple(_rounded(each) for each in outlooks(terms, grid))
    return WhatIfFigures(settings.campaign or config.name, inputs.scores.table.num_rows, minutes, settings.budget, found)


def _budgets(terms: Terms, asked: Sequence[float]) -> tuple[float, ...]:
    """Those asked for and the present one; where there is no limit, about what the best list costs."""
    if terms.budget is not None:
        return steps_of(terms.budget, asked=asked)
    if asked:
        return tuple(sorted(set(asked)))
    (present,) = outlooks(terms, Grid((), (terms.minutes,), (), ()))
    return steps_of(float(np.ceil(present.cost))) if present.cost else ()


def _with_present(factors: Sequence[float]) -> tuple[float, ...]:
    return tuple(sorted({*factors, 1.0})) if factors else ()


def _rounded(found: Outlook) -> Outlook:
    rounded = {key: round(value, DIGITS) for key, value in asdict(found).items() if isinstance(value, float)}
    return Outlook(**(asdict(found) | rounded))


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The rows, the picture and, last, the figures: beside the file the user named, or in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        names = (output.name, f"{output.name}.{PICTURE}", f"{output.name}.{FIGURES}")
        return OutputSet(beside.folder, names, beside.manifest)
    return OutputSet(folders.outputs / "what_if" / iso(as_of), ("what_if.csv", PICTURE, FIGURES))


def _writer(name: str, figures: WhatIfFigures) -> Writer:
    if name.endswith(FIGURES):
        content = (json.dumps(figures.to_json(), indent=2, sort_keys=True) + "\n").encode()
        return lambda stream: int(bool(stream.write(content)))
    if name.endswith(PICTURE):
        return lambda stream: int(bool(stream.write(what_if_chart(figures.outlooks, figures.minutes, figures.budget))))
    return lambda stream: export(Path(name))(pa.Table.from_pylist(list(map(asdict, figures.outlooks)), ROWS), stream)


ROWS = pa.schema(
    [
        ("varied", pa.string()),
        ("budget", pa.float64()),
        ("minutes", pa.float64()),
        ("offer_cost", pa.float64()),
        ("acceptance", pa.float64()),
        ("lines", pa.int64()),
        ("cost", pa.float64()),
        ("minutes_used", pa.float64()),
        ("gain", pa.float64()),
        ("bound", pa.float64()),
        ("gain_per_money", pa.float64()),
        ("gain_per_hour", pa.float64()),
    ]
)
