"""`call-list`: whom to call first, why, and with what offer, written as one output set and remembered in the store."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope import __version__
from churnscope.config.call_list import LANGUAGE, OCCASION
from churnscope.config.identity import config_hash
from churnscope.config.models import Action, CallList, Config
from churnscope.decisions.actions import NO_GAIN, NO_SPEAKER, Flags, expected_gains, is_measured, next_occasion
from churnscope.decisions.control_group import ControlGroup, smallest_effect
from churnscope.decisions.list_figures import ActionUse, AgentUse, ListFigures
from churnscope.decisions.selection import Choices, Limits, Problem, Selection, control_of, select, total_gain
from churnscope.decisions.sharing import Shared, Team, share_out
from churnscope.engines.items import ITEM, items_to_offer
from churnscope.errors import ConfigError
from churnscope.languages import ENGLISH, Language, code_in
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.outcomes import CALLABLE, CONTROL, RESULTS, Line, ListFacts, line_key
from churnscope.project.money.list_inputs import (
    Files,
    Inputs,
    Past,
    Reading,
    Scores,
    asked_occasions,
    gathered,
    hashes_of_purchases,
    outside,
)
from churnscope.project.money.listed import CallListResult
from churnscope.project.money.measured_uplift import MeasuredUplift
from churnscope.project.money.outcomes import store_of
from churnscope.project.results import iso
from churnscope.project.session import Folders, refuse_source_as_output
from churnscope.project.spoken import asked_language, language_of, language_of_agent
from churnscope.reports.openings import opening
from churnscope.reports.wording import points
from churnscope.reports.workbook import MOST_LINES, Wording, write_workbook
from churnscope.scoring import SAID, id_hashes
from churnscope.timeline import date_of

FIGURES, CONTROL_FILE, WORKBOOK = "figures.json", "control.parquet", ".xlsx"
OWNER_ALONE = 0o600  # may read and write what names customers
BYTES_PER_LINE = 2_000
NO_ROOM, NO_SCORE, LEFT_ALONE = "no room on the list", "no longer in the scores", "left alone as control"
PROBABILITY, UPLIFT = "probability", "uplift"
MONEY_DIGITS, SHARE_DIGITS = 2, 6

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ListRequest:
    """What is asked of a call list: the files it is made from, where it goes, how long to wait for another run."""

    scores: Path | None = None
    values: Path | None = None
    uplift: Path | None = None
    output: Path | None = None
    language: str | None = None
    wait_seconds: float = 0


def call_list(config: Config, progress: Progress, request: ListRequest) -> CallListResult:
    """Choose, share out and write a call list; `Project.call_list` says more."""
    folders, settings, asked = Folders.of(config), _settings(config, request), asked_language(request.language)
    with recorded(folders.ledger, "call-list") as record:
        files = Files.of(folders, config, request.scores, request.values)
        progress("read", 0, 1)
        scores = Scores.read(files.scores)
        uplift = None if request.uplift is None else MeasuredUplift.read(request.uplift, config.actions)
        there = outside(config, settings.show, settings.reach, scores.as_of, asked_occasions(config))
        with store_of(config) as store:
            won_back = store.win_back_ways(date_of(scores.as_of)).last_step
            campaign, silent = settings.campaign or config.name, store.asked_for_silence()
            past = Past.of(store.history(), scores.as_of, campaign, won_back, silent)
            facts = RunFacts(
                command="call-list",
                as_of=iso(scores.as_of),
                version=__version__,
                config=config_hash(config),
                inputs={
                    **files.hashes(),
                    **({} if uplift is None else uplift.hashes),
                    **there.inputs,
                    **hashes_of_purchases(config),
                },
                options=({"outcomes": past.digest} if past.digest else {}) | ({"language": asked} if asked else {}),
            )
            record.run_id, record.as_of = facts.run_id, facts.as_of
            progress("read", 1, 1)
            outputs = _output_set(folders, scores.as_of, request.output)
            with outputs.held(wait_seconds=request.wait_seconds):
                was_done = outputs.is_intact(facts.run_id)
                if not was_done:
                    progress("choose", 0, 1)
                    inputs = gathered(config, settings, Reading(files, scores, past, there, uplift))
                    chosen = Chosen(config, settings, inputs, facts.run_id, asked)
                    store.record_list(chosen.list_facts(), chosen.store_lines())
                    outputs.write(facts, chosen.writers(outputs.names), chosen.counts(), needed_bytes=chosen.needed_bytes)
                    progress("choose", 1, 1)
                manifest = outputs.read()
                written = tuple(outputs.folder / name for name in outputs.names)
                figures = ListFigures.from_json(json.loads(written[-1].read_bytes()))
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    return CallListResult(config.name, scores.as_of, facts.run_id, figures, written, outputs.manifest_path, was_done)


@dataclass(frozen=True)
class Chosen:
    """A list that is chosen.

    Parameters
    ----------
    list_id : the id of the run.
    asked : the code of the language that is asked for; None: each agent's own.
    """

    config: Config
    settings: CallList
    inputs: Inputs
    list_id: str
    asked: str | None = None

    @property
    def actions(self) -> Mapping[str, Action]:
        """By name."""
        return self.config.actions

    @property
    def campaign(self) -> str:
        """Which the list belongs to."""
        return self.settings.campaign or self.config.name

    @property
    def salt(self) -> str:
        """Of the control group."""
        return self.settings.salt or self.config.name

    @cached_property
    def wordings(self) -> tuple[Wording, ...]:
        """How the sheet of every agent speaks."""
        spoken = [language_of_agent(self.config, agent, self.asked) for agent in self.settings.agents]
        return tuple(
            Wording(language, {_words(name): action.words(name, language) for name, action in self.actions.items()})
            for language in spoken
        )

    @cached_property
    def team(self) -> Team:
        """Who calls, and who can talk to whom."""
        return Team.of(self.settings.agents, self.inputs.languages)

    @cached_property
    def possible(self) -> tuple[NDArray[np.float64], dict[str, Flags]]:
        """What every action would bring for every customer, and, by reason, those for whom there is none."""
        gains, reasons = expected_gains(self.inputs.customers, self.actions, self.settings.hour_cost)
        silent = np.asarray(~self.team.speaks.any(axis=1) & np.isfinite(gains).any(axis=1))
        return np.where(silent[:, None], -np.inf, gains), reasons | {NO_SPEAKER: silent}

    @cached_property
    def problem(self) -> Problem:
        """Whom to choose from; only of those whom an action would pay it is asked whether they are left alone."""
        gains, _ = self.possible
        ids, pays = self.inputs.ids, np.isfinite(gains).any(axis=1)
        group = ControlGroup(self.salt, self.campaign, self.settings.control_share, self.settings.universal_share)
        held = np.zeros(len(ids), np.bool_)
        held[pays] = group.holds(ids[pays].tolist())
        minutes = float(self.team.minutes.sum())
        return Problem(gains, Limits.of(self.actions, minutes, self.settings.budget), id_hashes(ids), held)

    @cached_property
    def selection(self) -> Selection:
        """The list before it is shared out."""
        return select(self.problem)

    @cached_property
    def shared(self) -> Shared:
        """Who gets what, from whom."""
        return share_out(self.problem, self.selection, self.team)

    @cached_property
    def control(self) -> Choices:
        """What the customers left alone would have got."""
        return control_of(self.problem, self.selection, int((self.shared.choice >= 0).sum()))

    @cached_property
    def ranked(self) -> NDArray[np.int64]:
        """Positions of the customers of both arms, by falling expected gain."""
        either = np.maximum(self.shared.choice, self.control)
        there = np.flatnonzero(either >= 0)
        gain = self.problem.gains[there, either[there]]
        return there[np.lexsort((self.problem.ties[there], -gain))]

    @cached_property
    def callable_rows(self) -> NDArray[np.int64]:
        """Of these, those to be called."""
        return self.ranked[self.shared.choice[self.ranked] >= 0]

    @cached_property
    def control_rows(self) -> NDArray[np.int64]:
        """Of these, those left alone."""
        return self.ranked[self.control[self.ranked] >= 0]

    @cached_property
    def lines(self) -> pa.Table:
        """The list: a row per customer to be called, the first one first."""
        rows = self.callable_rows
        agents = [agent.name for agent in self.settings.agents]
        names, chosen = list(self.actions), self.shared.choice[rows]
        agent = [agents[place] for place in self.shared.agent[rows]]
        spoken = [self.wordings[place].language for place in self.shared.agent[rows]]
        used = [self.actions[names[place]] for place in chosen]
        shown = {name: values[rows].tolist() for name, values in self.inputs.shown.items()}
        last, items = self.inputs.last_contact[rows], self._items(rows)
        occasions, occasion_days = self._occasions(rows)
        return pa.table(
            {
                "rank": pa.array(np.arange(1, len(rows) + 1), pa.int32()),
                "customer_id": pa.array(self.inputs.ids[rows], pa.string()),
                **{name: pa.array(values, pa.string()) for name, values in shown.items()},
                "agent": pa.array(agent, pa.string()),
                "action": pa.array([_words(names[place]) for place in chosen], pa.string()),
                "channel": pa.array([action.channel for action in used], pa.string()),
                "minutes": pa.array([action.minutes for action in used], pa.float64()),
                "item_to_offer": pa.array(items, pa.string()),
                OCCASION: pa.array(occasions, pa.string()),
                "occasion_day": pa.array(occasion_days, pa.date32()),
                "opening": pa.array(
                    self._openings(used, agent, spoken, {**shown, "item": items, OCCASION: occasions}), pa.string()
                ),
                **self._figures(rows, self.shared.choice),
                **{name: pa.array(said, pa.string()) for name, said in self.inputs.reasons(rows, spoken).items()},
                **self._earlier(rows),
                "last_contact": pa.array([None if np.isnan(day) else date_of(int(day)) for day in last], pa.date32()),
                **self._stamp(rows),
            }
        )

    @cached_property
    def left_alone(self) -> pa.Table:
        """The control group of the list: whom it would have called."""
        rows, names = self.control_rows, list(self.actions)
        return pa.table(
            {
                "customer_id": pa.array(self.inputs.ids[rows], pa.string()),
                "action": pa.array([_words(names[place]) for place in self.control[rows]], pa.string()),
                **self._figures(rows, self.control),
                **self._stamp(rows),
            }
        )

    @cached_property
    def left_out(self) -> dict[str, Flags]:
        """By reason, who of the scores cannot be on the list, shape (n_scores,)."""
        _, no_action = self.possible
        n, found = self.inputs.scores.table.num_rows, dict(self.inputs.left_out)
        for reason, holds in no_action.items():
            found[reason] = np.zeros(n, np.bool_)
            found[reason][self.inputs.rows[holds]] = True
        return found

    @cached_property
    def dropped(self) -> dict[str, int]:
        """Of those on the campaign's last list, who is not on this one, by reason."""
        gone = self.inputs.past.last_list.difference(self.inputs.ids[self.callable_rows].tolist())
        if not gone:
            return {}
        ids = self.inputs.scores.table.column("customer_id")
        at = np.flatnonzero(pc.is_in(ids, value_set=pa.array(sorted(gone))).to_numpy())
        held = np.zeros(len(ids), np.bool_)
        held[self.inputs.rows[self.problem.is_control]] = True
        reasons = {**self.left_out, LEFT_ALONE: held}
        counts = {reason: int(holds[at].sum()) for reason, holds in reasons.items()}
        counts |= {NO_SCORE: len(gone) - len(at), NO_ROOM: len(at) - sum(counts.values())}
        return {reason: count for reason, count in counts.items() if count}

    def _items(self, rows: NDArray[np.int64]) -> list[str | None]:
        """What to offer to each customer beside the action: bought most, and not lately."""
        ids = self.inputs.ids[rows].tolist()
        found = items_to_offer(self.config, ids, self.inputs.scores.as_of)
        item_of = dict(zip(found.column("customer_id").to_pylist(), found.column(ITEM).to_pylist(), strict=True))
        return [item_of.get(customer) for customer in ids]

    def _occasions(self, rows: NDArray[np.int64]) -> tuple[list[str | None], list[date | None]]:
        """Of each customer the occasion that the action is for, and its day."""
        names: list[str | None] = [None] * len(rows)
        dates: list[date | None] = [None] * len(rows)
        for number, action in enumerate(self.actions.values()):
            if action.occasions:
                which, days = next_occasion(self.inputs.customers, action)
                for place in np.flatnonzero(self.shared.choice[rows] == number).tolist():
                    row = rows[place]
                    names[place], dates[place] = _words(action.occasions[which[row]]), date_of(int(days[row]))
        return names, dates

    def _earlier(self, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
        """What earlier lists tell of each customer."""
        past, ids = self.inputs.past, self.inputs.ids[rows].tolist()
        return {
            "listed": pa.array(["again" if customer in past.last_list else "new" for customer in ids], pa.string()),
            "tries": pa.array([past.tries.get(customer) or None for customer in ids], pa.int32()),
            "call_back_noted": pa.array([past.call_back.get(customer) or None for customer in ids], pa.string()),
        }

    def _figures(self, rows: NDArray[np.int64], choice: Choices) -> dict[str, pa.Array]:
        customers = self.inputs.customers
        return {
            "churn_probability": pa.array(np.round(customers.probability[rows], SHARE_DIGITS)),
            "risk_band": pa.array(self.inputs.texts("risk_band")[rows], pa.string()),
            "stage": pa.array(self.inputs.texts("stage")[rows], pa.string()),
            "value_at_risk": pa.array(np.round(customers.value_at_risk[rows], MONEY_DIGITS)),
            "expected_gain": pa.array(np.round(self.problem.gains[rows, choice[rows]], MONEY_DIGITS)),
            "ranked_by": pa.array(self._ranked_by[rows, choice[rows]], pa.string()),
        }

    @cached_property
    def _ranked_by(self) -> NDArray[np.object_]:
        """What says what an action brings for a customer, shape (n, n_actions)."""
        measured = [is_measured(self.inputs.customers, action) for action in self.actions.values()]
        return np.where(np.column_stack(measured), UPLIFT, PROBABILITY).astype(object)

    def _stamp(self, rows: NDArray[np.int64]) -> dict[str, pa.Array]:
        n = len(rows)
        return {
            "line_key": pa.array([line_key(self.list_id, customer) for customer in self.inputs.ids[rows]], pa.string()),
            "campaign": pa.repeat(self.campaign, n),
            "as_of": pa.repeat(pa.scalar(date_of(self.inputs.scores.as_of)), n),
            "run_id": pa.repeat(self.list_id, n),
        }

    def _openings(
        self, used: list[Action], agent: list[str], spoken: list[Language], shown: Mapping[str, list[str | None]]
    ) -> list[str]:
        """In the customer's language, else the agent's, else the config's, where an action has words in several."""
        said = []
        for place, (action, name, language) in enumerate(zip(used, agent, spoken, strict=True)):
            values = {key: each[place] for key, each in shown.items()} | {"agent": name, "campaign": self.campaign}
            codes = [code_in(values.get(LANGUAGE)), language.code, self.config.language]
            if occasion := values[OCCASION]:
                values[OCCASION] = language_of(self.config, action.spoken_in(*codes)).text(occasion)
            said.append(opening(action.openings(*codes), values))
        return said

    def list_facts(self) -> ListFacts:
        """What the store keeps of the list as a whole."""
        held = 1 - (1 - self.settings.control_share) * (1 - self.settings.universal_share)
        return ListFacts(self.list_id, self.campaign, date_of(self.inputs.scores.as_of), self.salt, held)

    def store_lines(self) -> Iterator[Line]:
        """What the store keeps of every customer of both arms."""
        customers, agents, names = self.inputs.customers, [agent.name for agent in self.settings.agents], list(self.actions)
        ids = self.inputs.ids
        for rank, row in enumerate(self.ranked.tolist(), start=1):
            is_called = self.shared.choice[row] >= 0
            place = int(self.shared.choice[row] if is_called else self.control[row])
            action = self.actions[names[place]]
            yield Line(
                line_key(self.list_id, ids[row]),
                ids[row],
                names[place],
                CALLABLE if is_called else CONTROL,
                rank,
                round(float(customers.probability[row]), SHARE_DIGITS),
                round(float(customers.value_at_risk[row]), MONEY_DIGITS),
                round(float(self.problem.gains[row, place]), MONEY_DIGITS),
                agents[self.shared.agent[row]] if is_called else None,
                action.contact_cost + action.minutes * self.settings.hour_cost / 60,
                action.offer_cost,
            )

    def counts(self) -> dict[str, int]:
        """For the manifest."""
        return {
            "scored": self.inputs.scores.table.num_rows,
            "callable": len(self.callable_rows),
            "control": len(self.control_rows),
        }

    @property
    def needed_bytes(self) -> int:
        """About what the files take."""
        return BYTES_PER_LINE * len(self.ranked)

    def figures(self) -> ListFigures:
        """The list in figures."""
        customers, choice, settings = self.inputs.customers, self.shared.choice, self.settings
        called, alone, rows = len(self.callable_rows), len(self.control_rows), self.callable_rows
        left_out = {reason: int(holds.sum()) for reason, holds in self.left_out.items() if holds.any()}
        churn = float(customers.probability[rows].mean()) if called else None
        effect = None if churn is None else smallest_effect(called, alone, churn)
        taken = [action.offer_cost + action.contact_cost for action in self.actions.values()]
        waiting = np.isfinite(self.selection.worth) & (choice < 0) & ~self.problem.is_control
        return ListFigures(
            campaign=self.campaign,
            control_share=settings.control_share,
            universal_share=settings.universal_share,
            scored=self.inputs.scores.table.num_rows,
            left_out=left_out,
            waiting=int(waiting.sum()),
            last_day=None if self.inputs.past.last_day is None else iso(self.inputs.past.last_day),
            again=len(self.inputs.past.last_list.intersection(self.inputs.ids[rows].tolist())),
            dropped=self.dropped,
            lines=called,
            control=alone,
            cost=round(float(sum(taken[place] for place in choice[rows])), MONEY_DIGITS),
            budget=settings.budget,
            gain=round(total_gain(self.problem.gains, choice), MONEY_DIGITS),
            bound=round(self.selection.bound, MONEY_DIGITS),
            value_at_risk=round(float(customers.value_at_risk[rows].sum()), MONEY_DIGITS),
            churn=None if churn is None else round(churn, SHARE_DIGITS),
            smallest_effect=None if effect is None else round(effect, SHARE_DIGITS),
            actions={name: self._use(place, action) for place, (name, action) in enumerate(self.actions.items())},
            agents=self._agents(),
            notes=(*self.inputs.notes, *self._notes(left_out, effect)),
        )

    def _use(self, place: int, action: Action) -> ActionUse:
        lines = self.shared.choice == place
        count = int(lines.sum())
        return ActionUse(
            lines=count,
            control=int((self.control == place).sum()),
            minutes=round(count * action.minutes, MONEY_DIGITS),
            cost=round(count * (action.offer_cost + action.contact_cost), MONEY_DIGITS),
            gain=round(float(self.problem.gains[lines, place].sum()), MONEY_DIGITS),
        )

    def _agents(self) -> dict[str, AgentUse]:
        minutes, rows = self.problem.limits.used[0], self.callable_rows
        uses = {}
        for place, agent in enumerate(self.settings.agents):
            own = rows[self.shared.agent[rows] == place]
            uses[agent.name] = AgentUse(len(own), round(float(minutes[self.shared.choice[own]].sum()), 2), agent.minutes)
        return uses

    def _notes(self, left_out: Mapping[str, int], effect: float | None) -> Iterator[str]:
        called, alone = len(self.callable_rows), len(self.control_rows)
        if not called:
            yield f"Nobody is on the list{': no action would pay' if NO_GAIN in left_out else ''}."
        elif not alone:
            yield "Nobody is left alone, so what this list does cannot be shown."
        elif effect is None:
            yield f"{called} called and {alone} left alone cannot show an effect: not even if all those called stayed."
        else:
            yield f"This list cannot show an effect below {points(effect)}; lists of one campaign are judged together."
        others = sorted({each.language.code for each in self.wordings} - {ENGLISH.code})
        if others and SAID[0] not in self.inputs.scores.table.column_names:
            yield f"The reasons are those of the file of scores; in {', '.join(others)} they need what score writes as Parquet."
        longest = max((use.lines for use in self._agents().values()), default=0)
        if longest > MOST_LINES:
            yield f"The workbook holds the first {MOST_LINES:,} lines of each agent; the other files hold all."

    def writers(self, names: tuple[str, ...]) -> dict[str, Writer]:
        """What writes each file; they name people and are for their owner alone."""
        return {name: _private(self._writer(name)) for name in names}

    def _writer(self, name: str) -> Writer:
        if name.endswith(FIGURES):
            content = json.dumps(self.figures().to_json(), indent=2, sort_keys=True) + "\n"
            return lambda stream: _written(stream, content.encode())
        if name.endswith(CONTROL_FILE):
            return lambda stream: export(Path(name))(self.left_alone, stream)
        if name.lower().endswith(WORKBOOK):
            return self._workbook
        return lambda stream: export(Path(name))(self.lines, stream)

    def _workbook(self, stream: BinaryIO) -> int:
        with closing(BytesIO()) as whole:  # a workbook is put together at the end, and asks to go back
            agents = [agent.name for agent in self.settings.agents]
            rows = write_workbook(self.lines, agents, list(self.inputs.shown), RESULTS, whole, wordings=self.wordings)
            stream.write(whole.getbuffer())
        return rows


def _settings(config: Config, request: ListRequest) -> CallList:
    """What the config says of call lists, once it is clear that the list can be written."""
    if config.call_list is None:
        raise ConfigError(
            "The config says nothing of a call list.", "Add [call_list] and [actions]: see configs/reference.toml."
        )
    refuse_source_as_output(config, request.output)
    output = request.output
    if output is not None and output.suffix.lower() != WORKBOOK:
        export(output)
    return config.call_list


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The lines and, last, the figures: the file the user named, or CSV, Parquet and a workbook in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        mine = (output.name, f"{output.name}.{CONTROL_FILE}", f"{output.name}.{FIGURES}")
        return OutputSet(beside.folder, mine, beside.manifest)
    every = ("call_list.xlsx", "call_list.csv", "call_list.parquet", CONTROL_FILE, FIGURES)
    return OutputSet(folders.outputs / "call_lists" / iso(as_of), every)


def _words(name: str) -> str:
    """The name of an action as people read it."""
    return name.replace("_", " ")


def _private(write: Writer) -> Writer:
    def written(stream: BinaryIO) -> int:
        os.fchmod(stream.fileno(), OWNER_ALONE)  # before anything is in it
        return write(stream)

    return written


def _written(stream: BinaryIO, content: bytes) -> int:
    stream.write(content)
    return 1
