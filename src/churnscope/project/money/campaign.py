"""`campaign report`: those whom lists chose to call against those whom chance held back, by the config's own definition."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.config.models import Config
from churnscope.decisions.aftermath import Aftermath, Question, aftermath
from churnscope.decisions.campaign import Chosen, effect
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError, nearest
from churnscope.levels import safe_word
from churnscope.operations.exports import write_csv
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.outcomes import CALLABLE, Line, Outcome, Recorded, Store
from churnscope.project.money.campaigns import CampaignFigures, CampaignResult, ListJudged
from churnscope.project.money.outcomes import store_of
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.reports.wording import counted
from churnscope.timeline import date_of, day_number

FILES = ("campaigns.csv", "campaigns.json")
WITHOUT_RESULT = "without_result"
DIGITS = 6
ROWS = pa.schema(
    [(name, pa.string()) for name in ("campaign", "measure", "verdict")]
    + [(name, pa.float64()) for name in ("called", "control", "difference", "low", "high")]
)

logger = logging.getLogger(__name__)


def campaign_report(
    config: Config, as_of: int | None, progress: Progress, *, campaign: str | None = None, wait_seconds: float = 0
) -> CampaignResult:
    """Tell whether calling worked; `Project.campaign_report` says more."""
    folders = Folders.of(config)
    with recorded(folders.ledger, "campaign-report") as record, store_of(config) as store:
        _refuse_nothing(store, campaign)
        with loaded_data(config, as_of, progress) as loaded:
            lists = _recorded(store, campaign, loaded.as_of)
            options = {"campaign": campaign or "", "store": _content_hash(lists)}
            facts = facts_of("campaign report", config, loaded, options=options)
            record.run_id, record.as_of = facts.run_id, facts.as_of
            outputs = _output_set(folders, loaded.as_of, campaign)
            with outputs.held(wait_seconds=wait_seconds):
                was_done = outputs.is_intact(facts.run_id)
                if not was_done:
                    found = _Judging(config, loaded, progress, lists).campaigns()
                    writers = {FILES[0]: lambda stream: write_csv(_table(found), stream), FILES[1]: _json_writer(found)}
                    counts = {"campaigns": len(found), "lists": len(lists)}
                    outputs.write(facts, writers, counts)
                manifest = outputs.read()
                written = tuple(outputs.folder / name for name in FILES)
                figures = tuple(map(CampaignFigures.from_json, json.loads(written[1].read_bytes())["campaigns"]))
            assert manifest is not None
            record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
            horizon_days = config.timing.horizon_days
            for each in figures:
                for note in each.notes:
                    logger.warning("%s: %s", each.campaign, note)
            return CampaignResult(
                config.name, loaded.as_of, facts.run_id, horizon_days, figures, written, outputs.manifest_path, was_done
            )


def _refuse_nothing(store: Store, campaign: str | None) -> None:
    names = {facts.campaign for facts in store.lists()}
    if not names:
        raise InputError(f"{store.place} holds no list, so there is no campaign to judge.", "Make lists first, and call.")
    if campaign is not None and campaign not in names:
        raise InputError(f"No list of a campaign {campaign} is recorded.", nearest(campaign, names))


def _recorded(store: Store, campaign: str | None, as_of: int) -> tuple[Recorded, ...]:
    """The lists that were there on the day, the oldest first, with the outcomes that had come by then."""
    lists = [store.recorded(facts.list_id) for facts in store.lists(campaign) if day_number(facts.as_of) <= as_of]
    if not lists:
        raise InputError(f"No list had been made by {iso(as_of)}.", "Give a later --as-of, or newer data.")
    today = date_of(as_of)
    return tuple(replace(each, outcomes=tuple(told for told in each.outcomes if told.day < today)) for each in lists)


def _content_hash(lists: Sequence[Recorded]) -> str:
    """SHA-256 of lists, lines and outcomes."""
    digest = hashlib.sha256()
    for each in lists:
        told = sorted(each.outcomes, key=lambda outcome: (outcome.line_key, outcome.day))
        content = [asdict(each.facts), *map(asdict, each.lines), *map(asdict, told)]
        digest.update(json.dumps(content, sort_keys=True, default=str).encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class _First:
    """A customer's first list of a campaign: the day, the line, and the share of control it was drawn with."""

    day: int
    line: Line
    share: float


@dataclass(frozen=True)
class _Campaign:
    """The lists of a campaign, and whom they chose first when."""

    name: str
    lists: tuple[Recorded, ...]
    complete: frozenset[str]

    @cached_property
    def judged(self) -> tuple[Recorded, ...]:
        """The lists whose outcome is known."""
        return tuple(each for each in self.lists if each.facts.list_id in self.complete)

    @cached_property
    def first(self) -> dict[str, _First]:
        """By customer; only those whose first list's outcome is known."""
        found: dict[str, _First | None] = {}
        for each in self.lists:
            is_known = each.facts.list_id in self.complete
            for line in each.lines:
                inclusion = _First(day_number(each.facts.as_of), line, each.facts.share) if is_known else None
                found.setdefault(line.customer_id, inclusion)
        return {customer: inclusion for customer, inclusion in found.items() if inclusion is not None}

    @cached_property
    def told(self) -> dict[str, list[Outcome]]:
        """By line key, what came of its calls, by day."""
        found: dict[str, list[Outcome]] = {}
        for each in self.lists:
            for outcome in sorted(each.outcomes, key=lambda told: told.day):
                found.setdefault(outcome.line_key, []).append(outcome)
        return found

    @property
    def silent(self) -> tuple[Recorded, ...]:
        """Judged lists of which nothing has come back."""
        return tuple(each for each in self.judged if not each.outcomes)

    @property
    def results(self) -> dict[str, int]:
        """Lines to be called of the judged lists, by what came of the last call."""
        lines = [line for each in self.judged for line in each.lines if line.arm == CALLABLE]
        last = Counter(self.told[line.line_key][-1].result if line.line_key in self.told else WITHOUT_RESULT for line in lines)
        return dict(last.most_common())

    @property
    def moved(self) -> int:
        """Customers who stand in one arm on their first list and in the other on a later one."""
        arms = {customer: one.line.arm for customer, one in self.first.items()}
        lines = (line for each in self.lists for line in each.lines)
        return len({line.customer_id for line in lines if arms.get(line.customer_id, line.arm) != line.arm})

    def costs(self, config: Config) -> dict[str, float] | None:
        """By customer, what was spent from the first list to the end of its outcome window; None where no cost is said.

        Every call costs the contact, whatever comes of it, and an accepted offer its price. Of a list of which nothing has
        come back, every line counts as called once.
        """
        window = config.timing.gap_days + config.timing.horizon_days
        silent = {each.facts.list_id for each in self.silent}
        spent = dict.fromkeys(self.first, 0.0)
        for each in self.lists:
            day = day_number(each.facts.as_of)
            for line in each.lines:
                first = self.first.get(line.customer_id)
                if line.arm != CALLABLE or first is None or day >= first.day + window:
                    continue
                contact, offer = _prices(config, line)
                if contact is None or offer is None:
                    return None
                calls = self.told.get(line.line_key, [])
                times = 1 if each.facts.list_id in silent else len(calls)
                spent[line.customer_id] += times * contact + offer * any(call.result == "accepted" for call in calls)
        return spent


def _prices(config: Config, line: Line) -> tuple[float | None, float | None]:
    """What a contact and the offer of a line cost: as the list says, else as `[profit]` does."""
    usual = (None, None) if config.profit is None else (config.profit.contact_cost, config.profit.offer_cost)
    contact = usual[0] if line.contact_cost is None else line.contact_cost
    return contact, usual[1] if line.offer_cost is None else line.offer_cost


@dataclass(frozen=True)
class _Judging:
    """The data of a day, and the lists made by then."""

    config: Config
    loaded: Loaded
    progress: Progress
    lists: tuple[Recorded, ...]

    def campaigns(self) -> tuple[CampaignFigures, ...]:
        """Every campaign, by name; all of them in one pass over the rows."""
        names = sorted({each.facts.campaign for each in self.lists})
        campaigns = [
            _Campaign(name, lists, frozenset(each.facts.list_id for each in lists if self._is_complete(each)))
            for name in names
            if (lists := tuple(each for each in self.lists if each.facts.campaign == name))
        ]
        ids = pa.array(self.loaded.ids(), pa.string())
        people = [_numbers(ids, tuple(campaign.first)) for campaign in campaigns]
        days = [np.array([one.day for one in campaign.first.values()], np.int32) for campaign in campaigns]
        asked = [person >= 0 for person in people]
        came = self._aftermath(
            np.concatenate([person[there] for person, there in zip(people, asked, strict=True)]),
            np.concatenate([day[there] for day, there in zip(days, asked, strict=True)]),
        )
        ends = np.cumsum([0, *(int(there.sum()) for there in asked)])
        slices = (slice(first, after) for first, after in pairwise(ends))
        return tuple(
            self._figures(campaign, there, _part(came, rows))
            for campaign, there, rows in zip(campaigns, asked, slices, strict=True)
        )

    def _is_complete(self, each: Recorded) -> bool:
        day = day_number(each.facts.as_of)
        if self.config.label.kind == "given":
            return day in self.loaded.label_days
        return self.config.timing.is_complete(day, self.loaded.as_of)

    def _aftermath(self, customers: NDArray[np.int64], days: NDArray[np.int32]) -> Aftermath:
        loaded, config = self.loaded, self.config
        amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
        question = Question(
            Activity(config.activity, loaded.places, config.resolution),
            config.label,
            config.timing,
            loaded.as_of,
            config.resolution,
            loaded.columns["purchases"] if amounts and all(amounts) else None,
        )
        n = loaded.n_customers
        return aftermath(loaded.blocks(), customers, days, question, lambda done: self.progress("outcomes", done, n))

    def _figures(self, campaign: _Campaign, there: NDArray[np.bool_], came: Aftermath) -> CampaignFigures:
        first = [one for one, is_there in zip(campaign.first.values(), there.tolist(), strict=True) if is_there]
        control = np.array([one.line.arm != CALLABLE for one in first], np.bool_)
        labelled = came.churned >= 0
        costs = campaign.costs(self.config)
        chosen = Chosen(
            control,
            came.churned == 0,
            np.array([one.share for one in first], np.float64),
            came.spend,
            came.spend_before,
            None if costs is None else np.array([costs[one.line.customer_id] for one in first], np.float64),
        ).part(labelled)
        found = effect(chosen, margin=self.config.value.margin) if campaign.judged else None
        return CampaignFigures(
            campaign.name,
            tuple(_judged(each, campaign) for each in campaign.lists),
            found,
            campaign.results,
            int(np.count_nonzero(~there)),
            (int(np.count_nonzero(~labelled & ~control)), int(np.count_nonzero(~labelled & control))),
            tuple(_notes(campaign, has_costs=costs is not None, has_money=came.spend is not None)),
        )


def _judged(each: Recorded, campaign: _Campaign) -> ListJudged:
    called = sum(line.arm == CALLABLE for line in each.lines)
    return ListJudged(
        each.facts.list_id,
        each.facts.as_of.isoformat(),
        each.facts.list_id in campaign.complete,
        called,
        len(each.lines) - called,
        len({outcome.line_key for outcome in each.outcomes}),
    )


def _notes(campaign: _Campaign, *, has_costs: bool, has_money: bool) -> Iterator[str]:
    """What to know before using the numbers."""
    waiting = [each.facts.as_of.isoformat() for each in campaign.lists if each.facts.list_id not in campaign.complete]
    if waiting:
        yield f"left out, for their outcome is not known yet: {counted(len(waiting), 'lists')} of {', '.join(waiting)}."
    if campaign.silent:
        days = ", ".join(each.facts.as_of.isoformat() for each in campaign.silent)
        yield f"nothing has come back of the lists of {days}: every line counts as called once, no offer as accepted."
    if not has_costs:
        yield "no cost is said, by the lists or by [profit], so neither profit nor the cost per saved customer is told."
    if not has_money:
        yield "not every source of purchases has an amount, so nothing is said of money."
    if campaign.moved:
        yield f"{counted(campaign.moved, 'customers')} changed from one arm to the other; the first list counts. Keep the salt."


def _numbers(ids: pa.Array, customers: Sequence[str]) -> NDArray[np.int64]:
    """The customers' numbers; -1 for those who are in no source."""
    found = pc.index_in(pa.array(customers, pa.string()), value_set=ids)
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _part(came: Aftermath, rows: slice) -> Aftermath:
    spend, before = (None if column is None else column[rows] for column in (came.spend, came.spend_before))
    return Aftermath(came.churned[rows], spend, before)


def _output_set(folders: Folders, as_of: int, campaign: str | None) -> OutputSet:
    """A folder of the day; of its own for a campaign asked for alone."""
    folder = iso(as_of) if campaign is None else f"{iso(as_of)}-{safe_word(campaign) or 'campaign'}"
    return OutputSet(folders.outputs / "campaigns" / folder, FILES)


def _table(found: Sequence[CampaignFigures]) -> pa.Table:
    """A row per campaign and measure."""
    rows = [
        {
            "campaign": each.campaign,
            "measure": name,
            "verdict": each.effect.verdict,
            **_rounded(called=called, control=control),
            **({} if difference is None else _rounded(difference=difference.value, low=difference.low, high=difference.high)),
        }
        for each in found
        if each.effect is not None
        for name, called, control, difference in each.effect.measures
    ]
    return pa.Table.from_pylist(rows, ROWS)


def _rounded(**figures: float | None) -> dict[str, float | None]:
    return {name: None if figure is None else round(figure, DIGITS) for name, figure in figures.items()}


def _json_writer(found: Sequence[CampaignFigures]) -> Writer:
    def write(stream: BinaryIO) -> int:
        document = {"campaigns": [each.to_json() for each in found]}
        stream.write((json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode())
        return len(found)

    return write
