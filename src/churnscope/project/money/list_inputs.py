"""What a call list is made from: scores, values, how we stand with customers, and what is told of them for the list alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.config.call_list import LANGUAGE
from churnscope.config.fields import Channel
from churnscope.config.models import CallList, Config
from churnscope.config.process_checks import known_occasions
from churnscope.config.processes import Occasion
from churnscope.decisions.actions import DO_NOT_CONTACT, WITHOUT_PROBABILITY, WITHOUT_VALUE, Customers, Flags
from churnscope.decisions.offer import Array
from churnscope.decisions.standing import READ, Standing, standing
from churnscope.engines.duckdb import Loaded, open_engine
from churnscope.engines.items import items_from
from churnscope.engines.reading import SourcePlan
from churnscope.engines.told import CUSTOMER, told_of_customers
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.files import file_sha256
from churnscope.languages import Language, Message
from churnscope.lifecycle.occasions import near
from churnscope.lifecycle.spells import STAGES
from churnscope.operations.exports import read_export
from churnscope.outcomes import CALLABLE
from churnscope.outcomes.words import DO_NOT_CALL
from churnscope.project.money.measured_uplift import MeasuredUplift
from churnscope.project.results import iso
from churnscope.project.session import Folders
from churnscope.scoring import REASONS, SAID
from churnscope.sources.files import sha256_of
from churnscope.timeline import day_number

BANDS = ("high", "medium", "low")
OPEN_TICKET, SATISFIED = "open_ticket", "satisfied"
ALIVE, IF_KEPT = "alive_probability", "value_if_kept"  # columns of a file of values
LEAST_ALIVE = 0.01  # below it nobody can say what a customer who stays would be worth
NEEDED = ("customer_id", "as_of", "churn_probability", "risk_band")
WRONG_NUMBER, NO_ANSWER = "wrong_number", "no_answer"
TOLD_PREFIX = "reach_"


@dataclass(frozen=True)
class Files:
    """The files a list is made from; `values` is None where the config's one value counts for all."""

    scores: Path
    values: Path | None

    @classmethod
    def of(cls, folders: Folders, config: Config, scores: Path | None, values: Path | None) -> Files:
        """Those named, else the newest of the outputs folder.

        Raises
        ------
        InputError : when there are no scores, or neither values nor `[profit] value`.
        """
        found = scores or _newest(folders.outputs / "scores", "scores.parquet")
        if found is None:
            raise InputError(
                "There are no scores to make a list of.", "Run churnscope score first, or name a file with --scores."
            )
        worth = values or _newest(folders.outputs / "value", "value.parquet")
        if worth is None and (config.profit is None or config.profit.one_value is None):
            advice = "Run churnscope value first, name a file with --values, or give [profit] value."
            raise InputError("Nothing says what a customer is worth.", advice)
        return cls(found, worth)

    def hashes(self) -> dict[str, str]:
        """Of the manifest: by use and name."""
        named = {f"scores: {self.scores.name}": self.scores}
        named |= {} if self.values is None else {f"values: {self.values.name}": self.values}
        return {name: file_sha256(path) for name, path in named.items()}


def _newest(folder: Path, name: str) -> Path | None:
    """The file of the newest day; days are folders such as 2024-02-28."""
    return max(folder.glob(f"????-??-??/{name}"), default=None)


@dataclass(frozen=True, eq=False)
class Scores:
    """A file of scores.

    Parameters
    ----------
    as_of : the day of all rows, by its number.
    """

    table: pa.Table
    as_of: int

    @classmethod
    def read(cls, path: Path) -> Scores:
        """Read and check it.

        Raises
        ------
        InputError : when it holds something else than one day's scores, or a customer twice.
        """
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.", "Name a file that churnscope score wrote.")
        table = read_export(path)
        missing = [name for name in NEEDED if name not in table.column_names]
        if missing:
            raise InputError(
                f"{path.name} has no column {', '.join(missing)}.", "Name a file that churnscope score wrote, not another one."
            )
        table = table.set_column(
            table.column_names.index("customer_id"), "customer_id", table.column("customer_id").cast(pa.string())
        )
        days = pc.unique(table.column("as_of")).to_pylist()
        if len(days) != 1 or not isinstance(days[0], date):
            raise InputError(f"{path.name} holds scores of {len(days)} days.", "A list is made of the scores of one day.")
        if pc.count_distinct(table.column("customer_id")).as_py() != table.num_rows:
            raise InputError(f"{path.name} names a customer twice.", "Run churnscope score again.")
        scores = cls(table, day_number(days[0]))
        if not scores.are_probabilities:
            raise InputError(f"{path.name}: a churn_probability lies outside 0 and 1.", "Run churnscope score again.")
        return scores

    @property
    def probability(self) -> Array:
        """NaN where there is none."""
        return np.asarray(self.table.column("churn_probability").cast(pa.float64()).to_numpy(), np.float64)

    @property
    def are_probabilities(self) -> bool:
        """Whether all lie within [0, 1]."""
        known = self.probability[~np.isnan(self.probability)]
        return bool(((known >= 0) & (known <= 1)).all())

    @property
    def flags(self) -> dict[str, Flags]:
        """By name, who is in which band, of which type, and in which stage of the life cycle."""
        bands = {band: pc.equal(self.table.column("risk_band"), band) for band in BANDS}
        types = {name: self.table.column(name) for name in self.table.column_names if name.startswith("is_")}
        told = "stage" in self.table.column_names
        stages = {stage: pc.equal(self.table.column("stage"), stage) for stage in STAGES} if told else {}
        flags = bands | types | stages
        return {name: pc.fill_null(flag, False).to_numpy().astype(np.bool_) for name, flag in flags.items()}


@dataclass(frozen=True, eq=False)
class Past:
    """What earlier lists of the store tell: rows of `Store.history` from before the day.

    Parameters
    ----------
    last_reached : by customer id, number of the day.
    tries : by customer id, calls nobody answered since somebody last did.
    call_back : by customer id, when to call again, as last noted.
    never : ids of those who are not to be called again; it counts from the next list on, whatever its day.
    wrong : ids of those whose number was wrong.
    last_day, last_list : of the campaign's newest list before the day, and who was on it; None where there was none.
    digest : of all of it; empty where there is nothing.
    """

    last_reached: Mapping[str, int]
    tries: Mapping[str, int]
    call_back: Mapping[str, str]
    never: frozenset[str]
    wrong: frozenset[str]
    last_day: int | None
    last_list: frozenset[str]
    digest: str

    @classmethod
    def of(
        cls,
        history: pa.Table,
        as_of: int,
        campaign: str,
        won_back: Mapping[str, date] = MappingProxyType({}),
        silent: frozenset[str] = frozenset(),
    ) -> Past:
        """What was told before the day, of lines that were to be called, and the campaign's list before this one.

        Parameters
        ----------
        won_back : by customer id, the day before `as_of` of the newest step to win them back; it counts as a contact.
        silent : ids of those who asked elsewhere not to be contacted.

        Notes
        -----
        Where files come late, the day of a list is behind the day on which it is called. Who asked on that day not to be called
        has asked before the next list is made, though its day may be the same: of earlier lists that counts at once.
        """
        called = history.filter(pc.equal(history.column("arm"), CALLABLE))
        columns = ("customer_id", "as_of", "day", "result", "call_back")
        rows = list(zip(*(called.column(name).to_pylist() for name in columns), strict=True))
        asked = {customer for customer, listed, _, result, _ in rows if result == DO_NOT_CALL and day_number(listed) < as_of}
        told = sorted(
            (day_number(day), customer, result, back or "") for customer, _, day, result, back in rows if day is not None
        )
        told = [row for row in told if row[0] < as_of]
        last_day, last_list = _last_list(called.filter(pc.equal(called.column("campaign"), campaign)), as_of)
        reached: dict[str, int] = {}
        tries: dict[str, int] = {}
        call_back: dict[str, str] = {}
        marked: dict[str, set[str]] = {DO_NOT_CALL: {*asked, *silent}, WRONG_NUMBER: set()}
        early = sorted(marked[DO_NOT_CALL].difference(customer for _, customer, result, _ in told if result == DO_NOT_CALL))
        for day, customer, result, back in told:
            if result in marked:
                marked[result].add(customer)
            if result == NO_ANSWER:
                tries[customer] = tries.get(customer, 0) + 1
            elif result != WRONG_NUMBER:
                reached[customer], tries[customer] = day, 0
            call_back[customer] = back
        steps = sorted((customer, day_number(given)) for customer, given in won_back.items())
        for customer, day in steps:
            reached[customer] = max(reached.get(customer, 0), day)
        text = json.dumps(
            [told, last_day, sorted(last_list), *([steps] if steps or early else []), *([early] if early else [])]
        )
        digest = hashlib.sha256(text.encode()).hexdigest() if told or last_list or steps or early else ""
        never, wrong = (frozenset(marked[result]) for result in (DO_NOT_CALL, WRONG_NUMBER))
        return cls(reached, tries, call_back, never, wrong, last_day, last_list, digest)


def _last_list(lines: pa.Table, as_of: int) -> tuple[int | None, frozenset[str]]:
    """The newest day before this one of which there is a list, and who was on the lists of that day."""
    days = [day_number(day) for day in lines.column("as_of").to_pylist()]
    last = max((day for day in days if day < as_of), default=None)
    ids = lines.column("customer_id").to_pylist()
    return last, frozenset(customer for customer, day in zip(ids, days, strict=True) if day == last)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a list is chosen from: the customers of the scores who can be on one, in the order of the file.

    Parameters
    ----------
    rows : positions in the scores.
    ids : shape (n,), object.
    customers : what is known of them.
    shown : name -> what the list shows of them; None where missing.
    last_contact : shape (n,), number of the day; NaN where none is known.
    left_out : reason -> which customers of the scores are not among them, shape (n_scores,).
    past : what earlier lists tell.
    notes : what to know of the inputs.
    """

    scores: Scores
    rows: NDArray[np.int64]
    customers: Customers
    shown: Mapping[str, NDArray[np.object_]]
    last_contact: Array
    left_out: Mapping[str, Flags]
    past: Past
    notes: tuple[str, ...]

    @property
    def ids(self) -> NDArray[np.object_]:
        """Of the customers."""
        return self.texts("customer_id")

    @property
    def languages(self) -> Sequence[str | None]:
        """Which language each speaks, as far as it is told."""
        nothing: list[str | None] = [None] * len(self.rows)
        return self.shown[LANGUAGE].tolist() if LANGUAGE in self.shown else nothing

    def texts(self, name: str, at: NDArray[np.int64] | None = None) -> NDArray[np.object_]:
        """A text column of the scores for these customers, or those at some places; None where there is none."""
        rows = self.rows if at is None else self.rows[at]
        if name not in self.scores.table.column_names:
            return np.full(len(rows), None, object)
        return np.asarray(self.scores.table.column(name).take(pa.array(rows)).to_pylist(), object)

    def reasons(self, at: NDArray[np.int64], languages: Sequence[Language]) -> dict[str, list[str | None]]:
        """The reasons of the customers at some places, each in a language; as they were written where nothing else is told.

        Raises
        ------
        InputError : when a reason is told in a way that cannot be said.
        """
        said = {}
        for name, unsaid in zip(REASONS, SAID, strict=True):
            rows = zip(self.texts(name, at), self.texts(unsaid, at), languages, strict=True)
            try:
                said[name] = [text if told is None else language.say(Message.from_json(told)) for text, told, language in rows]
            except ValueError as error:
                raise InputError(f"The scores' column {unsaid}: {error}.", "Run churnscope score again.") from error
        return said


@dataclass(frozen=True, eq=False)
class _Stands:
    """How we stand with customers, by id."""

    ids: Sequence[str] | pa.ChunkedArray
    of: Standing


@dataclass(frozen=True, eq=False)
class Outside:
    """What sources tell for the list beside the scores.

    Parameters
    ----------
    told : a row per customer of the source of customers; None where nothing is asked of it.
    standing : by customer id.
    inputs : file -> SHA-256 of every file that was read.
    occasions : by name, the ids of customers who have it soon, and the day of each by its number.
    """

    told: pa.Table | None
    standing: _Stands
    inputs: Mapping[str, str]
    occasions: Mapping[str, tuple[list[str], Array]] = field(default_factory=dict)

    @property
    def contacts(self) -> tuple[Sequence[str], Array]:
        """Customers, and how many days ago we contacted each."""
        return list(self.standing.ids), self.standing.of.days_since_contact

    @property
    def complaining(self) -> list[str]:
        """Customers who wait for an answer."""
        return [str(self.standing.ids[place]) for place in np.flatnonzero(self.standing.of.open_ticket).tolist()]

    @property
    def silent(self) -> list[str]:
        """Customers who must not be contacted, as their source says."""
        if self.told is None or DO_NOT_CONTACT not in self.told.column_names:
            return []
        marked = self.told.filter(pc.fill_null(self.told.column(DO_NOT_CONTACT), False))
        return [str(customer) for customer in marked.column(CUSTOMER).to_pylist()]


@dataclass(frozen=True, eq=False)
class Reading:
    """All that was read for a list."""

    files: Files
    scores: Scores
    past: Past
    outside: Outside
    uplift: MeasuredUplift | None = None


def gathered(config: Config, settings: CallList, read: Reading) -> Inputs:
    """The customers of the scores with all that is known of them, those that can be on no list left out.

    Raises
    ------
    ConfigError : when `[actions]` names a type of customers that the scores do not tell.
    """
    scores, past, told, stands = read.scores, read.past, read.outside.told, read.outside.standing
    ids = scores.table.column("customer_id").combine_chunks()
    n, place = len(ids), _Places(ids)
    probability = scores.probability
    value, notes = _values(config, read.files, place, scores.as_of)
    since, touched = (
        place.numbers(stands.ids, stands.of.days_since_contact),
        place.numbers(stands.ids, stands.of.days_since_touch),
    )
    reached = place.numbers(list(past.last_reached), [scores.as_of - day for day in past.last_reached.values()])
    flags = scores.flags | {OPEN_TICKET: place.marks(stands.ids, stands.of.open_ticket)}
    if settings.satisfied_from is not None:
        flags[SATISFIED] = place.marks(stands.ids, stands.of.satisfaction >= settings.satisfied_from)
    _refuse_unknown_types(config, flags)
    channels: dict[str, Flags] = (
        {name: place.marks(told[CUSTOMER], told[f"{TOLD_PREFIX}{name}"]) for name in settings.reach} if told else {}
    )
    if channels and "phone" in channels:
        channels["phone"] &= ~place.marks(list(past.wrong), [True] * len(past.wrong))
    silent = place.marks(list(past.never), [True] * len(past.never))
    if told and DO_NOT_CONTACT in told.column_names:
        silent |= place.marks(told[CUSTOMER], told[DO_NOT_CONTACT])
    reasons = {
        WITHOUT_PROBABILITY: np.isnan(probability),
        WITHOUT_VALUE: ~np.isfinite(value),
        DO_NOT_CONTACT: silent,
    }
    there, left_out = np.ones(n, np.bool_), {}
    for reason, holds in reasons.items():
        left_out[reason] = there & holds
        there &= ~holds
    rows = np.flatnonzero(there)
    shown = {name: place.texts(told[CUSTOMER], told[name])[rows] for name in settings.show} if told else {}
    changed, unmeasured = _changed(read, place, value)
    occasions = {name: place.numbers(ids, days) for name, (ids, days) in read.outside.occasions.items()}
    everyone = Customers(probability, value, flags, np.fmin(since, reached), channels, occasions, changed)
    last_contact = scores.as_of - np.fmin(touched, reached)[rows]
    return Inputs(scores, rows, _taken(everyone, rows), shown, last_contact, left_out, past, (*notes, *unmeasured))


def outside(
    config: Config,
    show: Mapping[str, str],
    reach: Mapping[Channel, str],
    as_of: int,
    occasions: Mapping[str, Occasion] = MappingProxyType({}),
) -> Outside:
    """Read what the scores do not hold: contact columns, consent, contacts, campaigns and tickets, and occasions.

    Parameters
    ----------
    show, reach : what is asked of the source of customers, as `[call_list]` has it.
    occasions : by name, those that are looked for.

    Raises
    ------
    InputError : when a file is refused.
    """
    told: pa.Table | None = None
    inputs: dict[str, str] = {}
    people = [name for name, source in config.sources.items() if source.role == "customers"]
    asks = bool(show or reach)
    if people and (asks or "do_not_contact" in config.sources[people[0]].columns):
        source = config.sources[people[0]]
        flags = {DO_NOT_CONTACT: source.columns["do_not_contact"]} if "do_not_contact" in source.columns else {}
        reached = {f"{TOLD_PREFIX}{name}": text for name, text in reach.items()}
        told, inputs = told_of_customers(config, people[0], show, reached, flags)
    telling = {occasion.source for occasion in occasions.values()}
    kept = {name: source for name, source in config.sources.items() if source.role in READ or name in telling}
    if not kept:
        return Outside(told, _Stands([], Standing.of_nobody()), inputs)
    with open_engine(config.model_copy(update={"sources": kept})) as engine:
        loaded = engine.load(as_of=as_of, with_duplicates=False)
        stands = _Stands(loaded.ids().tolist(), standing(loaded.blocks(), as_of, loaded.columns))
        near_by = {name: _near(each, loaded) for name, each in occasions.items()}
        return Outside(told, stands, inputs | _hashes(loaded), near_by)


def asked_occasions(config: Config) -> dict[str, Occasion]:
    """Those that an action is for."""
    asked = {name for action in config.actions.values() for name in action.occasions}
    return {name: each for name, each in known_occasions(config).items() if name in asked}


def _near(occasion: Occasion, loaded: Loaded) -> tuple[list[str], Array]:
    """Who has it soon, and the day of each."""
    role, source = loaded.places[occasion.source]
    day = np.full(loaded.n_customers, np.nan)
    for block in loaded.blocks():
        found = near(occasion, block.logs[role].seen_by(loaded.as_of), role, source, loaded.as_of)
        day[found.customer[::-1] + block.first] = found.day[::-1]  # of several of one customer the first one stays
    have = np.flatnonzero(~np.isnan(day))
    return loaded.ids()[have].tolist(), day[have]


def hashes_of_purchases(config: Config) -> dict[str, str]:
    """By name, the SHA-256 of every file that is asked what to offer."""
    plans = [SourcePlan.of(name, source) for name, source in items_from(config).items()]
    return {
        f"{plan.name} {number}: {file.path.name}": sha256_of(file.path)
        for plan in plans
        for number, file in enumerate((*plan.files, *plan.joined), start=1)
    }


def _hashes(loaded: Loaded) -> dict[str, str]:
    return {
        f"{report.name} {number}: {Path(file.path).name}": file.sha256
        for report in loaded.reports
        for number, file in enumerate(report.files, start=1)
    }


def _taken(customers: Customers, rows: NDArray[np.int64]) -> Customers:
    return replace(
        customers,
        probability=customers.probability[rows],
        value=customers.value[rows],
        flags={name: flag[rows] for name, flag in customers.flags.items()},
        days_since_contact=customers.days_since_contact[rows],
        channels={name: open_[rows] for name, open_ in customers.channels.items()},
        occasions={name: day[rows] for name, day in customers.occasions.items()},
        changed={arm: amount[rows] for arm, amount in customers.changed.items()},
    )


def _refuse_unknown_types(config: Config, flags: Mapping[str, Flags]) -> None:
    for name, action in config.actions.items():
        accepts = action.acceptance if isinstance(action.acceptance, dict) else {}
        named = (("types", action.types), ("all_types", action.all_types), ("stop", action.stop), ("acceptance", accepts))
        for key, each in ((key, each) for key, names in named for each in names):
            if each == SATISFIED and each not in flags:
                what = f"[actions.{name}] {key}: nothing says who is satisfied."
                raise ConfigError(what, "Give [call_list] satisfied_from: the rating of a ticket from which on a customer is.")
            if each not in flags:
                what = f"[actions.{name}] {key}: the scores tell no type of customers {each!r}."
                raise ConfigError(what, nearest(each, flags))


@dataclass(frozen=True, eq=False)
class _Places:
    """Looks customers of the scores up in another table."""

    ids: pa.Array

    def numbers(self, ids: Sequence[str] | pa.ChunkedArray, values: Sequence[float] | NDArray[np.float64]) -> Array:
        """The value of each customer, NaN where the table has none."""
        found, at = self._found(ids)
        answer = np.full(len(self.ids), np.nan)
        answer[found] = np.asarray(values, np.float64)[at]
        return answer

    def marks(self, ids: Sequence[str] | pa.ChunkedArray, values: Sequence[bool] | pa.ChunkedArray | Flags) -> Flags:
        """Whether each customer is marked; nobody the table does not know."""
        found, at = self._found(ids)
        answer = np.zeros(len(self.ids), np.bool_)
        answer[found] = np.asarray(values, np.bool_)[at]
        return answer

    def texts(self, ids: pa.ChunkedArray, values: pa.ChunkedArray) -> NDArray[np.object_]:
        """The text of each customer, None where there is none."""
        found, at = self._found(ids)
        answer = np.full(len(self.ids), None, object)
        answer[found] = np.asarray(values.to_pylist(), object)[at]
        return answer

    def _found(self, ids: Sequence[str] | pa.ChunkedArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        known = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else pa.array(ids, pa.string())
        at = pc.index_in(self.ids, value_set=known)
        found = np.flatnonzero(pc.is_valid(at).to_numpy(zero_copy_only=False))
        return found, np.asarray(at.take(pa.array(found)).to_numpy(), np.int64)


def _changed(read: Reading, place: _Places, value: Array) -> tuple[dict[str, Array], tuple[str, ...]]:
    """What each arm of the campaign is expected to change with each customer, and what to know of it.

    A customer retained is worth what the list counts; any other outcome what the campaign's own file says.
    """
    found, notes = read.uplift, []
    if found is None:
        return {}, ()
    worth = value if found.is_retention else place.numbers(found.ids, found.value)
    changed = {arm: place.numbers(found.ids, uplift) * worth for arm, uplift in found.uplift.items()}
    if found.days != [iso(read.scores.as_of)]:
        notes.append(f"The uplift is of {', '.join(found.days)}, the scores of {iso(read.scores.as_of)}.")
    if unknown := int(np.isnan(place.numbers(found.ids, np.zeros(len(found.ids)))).sum()):
        notes.append(f"Customers of whom {found.path.name} tells no uplift, and who count by churn probability: {unknown:,}.")
    return changed, tuple(notes)


def _values(config: Config, files: Files, place: _Places, as_of: int) -> tuple[Array, tuple[str, ...]]:
    """What each customer is worth who stays, and what to know of it."""
    if files.values is None:
        assert config.profit is not None
        one = config.profit.one_value
        assert one is not None
        return np.full(len(place.ids), one), (f"Every customer counts as worth {one:,g}.",)
    if not files.values.is_file():
        raise InputError(f"{files.values}: there is no such file.", "Name a file that churnscope value wrote.")
    table = read_export(files.values)
    missing = [name for name in ("customer_id", "as_of") if name not in table.column_names]
    missing += [] if IF_KEPT in table.column_names else [name for name in ("value", ALIVE) if name not in table.column_names]
    if missing or pc.count_distinct(table.column("customer_id")).as_py() != table.num_rows:
        what = f"has no column {', '.join(missing)}" if missing else "names a customer twice"
        raise InputError(f"{files.values.name} {what}.", "Name a file that churnscope value wrote.")
    ids = table.column("customer_id").cast(pa.string())
    worth = place.numbers(ids, if_kept(table))
    days = sorted({str(day) for day in pc.unique(table.column("as_of")).to_pylist()})
    notes = [] if days == [iso(as_of)] else [f"The values are of {', '.join(days)}, the scores of {iso(as_of)}."]
    return worth, tuple(notes)


def if_kept(table: pa.Table) -> Array:
    """What the customers of a file of values are worth who stay, shape (n,).

    Of contracts the file tells it. Else its value is an expectation over who may be gone already; of one who stays it is that
    over the chance of still being a customer. A churn probability times the former would count the same risk twice.
    """
    if IF_KEPT in table.column_names:
        return np.asarray(table.column(IF_KEPT).cast(pa.float64()))
    worth, alive = (np.asarray(table.column(name).cast(pa.float64())) for name in ("value", ALIVE))
    return np.asarray(worth / np.maximum(alive, LEAST_ALIVE))
