"""Two configs over their customers: whom each speaks of at a cutoff, and what became of them, by the same numbers for both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.advice import Labelled
from churnscope.config.checks import check_config
from churnscope.config.models import Config, Label
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError
from churnscope.operations.logs import Progress
from churnscope.project.days import complete_cutoffs, history_days
from churnscope.project.results import iso
from churnscope.project.session import loaded_data
from churnscope.snapshots import SnapshotPlan, build_snapshots
from churnscope.timeline import day_number, plan_cutoffs

Populations = Mapping[str, Mapping[int, Labelled]]
"""By kind of label, by cutoff."""

KINDS: tuple[str, ...] = get_args(Label.model_fields["kind"].annotation)


@dataclass(frozen=True)
class Sided:
    """A config with its data.

    Parameters
    ----------
    letter : A or B.
    as_of : first day that is not read; the same for both.
    """

    letter: str
    config: Config
    loaded: Loaded
    as_of: int

    @property
    def first_day(self) -> int:
        """Day of the oldest row."""
        return self.loaded.first_day

    @property
    def label_days(self) -> tuple[int, ...]:
        """The days of which given labels speak."""
        return self.loaded.label_days

    @property
    def newest(self) -> int:
        """The newest cutoff whose outcome is over at `as_of`."""
        timing = self.config.timing
        return self.as_of - timing.outcome_end(0) - timing.delay_days

    @property
    def oldest(self) -> int:
        """The first cutoff with enough history before it."""
        return self.first_day + history_days(self.config)

    @property
    def listed(self) -> tuple[int, ...] | None:
        """Cutoffs that the config or given labels name; None where any day can be one."""
        if self.config.label.kind != "given" and not self.config.prediction.cutoffs:
            return None
        return complete_cutoffs(self.config, self)


@dataclass(frozen=True)
class Pair:
    """Two definitions and their customers, numbered alike.

    Parameters
    ----------
    same_sources : whether both read the same sources, so that these were read once.
    shared : customers with a row in both.
    """

    a: Sided
    b: Sided
    same_sources: bool
    shared: int
    _number_in_b: NDArray[np.int64] = field(repr=False)

    def cutoffs(self, asked: int | None) -> tuple[int, ...]:
        """The cutoffs that are complete in both, rising; `asked` alone where it is one of them.

        Raises
        ------
        InputError : when there is none, or `asked` is none.
        """
        if asked is not None:
            return (self._asked(asked),)
        listed = [set(side.listed) for side in (self.a, self.b) if side.listed is not None]
        found = self._named(set.intersection(*listed)) if listed else self._planned()
        if not found:
            raise InputError(
                f"No cutoff is complete in both as of {iso(self.a.as_of)}: {self._span(self.a)}; {self._span(self.b)}.",
                "Give a longer history or newer data, shorter horizons, or the same days under [prediction] cutoffs of both.",
            )
        return found

    def populations(self, cutoffs: Sequence[int], progress: Progress) -> tuple[Populations, Populations]:
        """Whom each definition speaks of: A under every possible kind of label, B under its own."""
        kinds, own_b = possible_kinds(self.a.config), self.b.config.label.kind
        plans_a, plan_b = [_plan(self.a, cutoffs, kind) for kind in kinds], _plan(self.b, cutoffs, own_b)
        if self.same_sources:
            *of_a, of_b = _labelled(self.a.loaded, [*plans_a, plan_b], progress)
        else:
            of_a = _labelled(self.a.loaded, plans_a, progress)
            (of_b,) = _labelled(self.b.loaded, [plan_b], progress)
            of_b = {day: self._as_in_a(each) for day, each in of_b.items()}
        return dict(zip(kinds, of_a, strict=True)), {own_b: of_b}

    def _as_in_a(self, of_b: Labelled) -> Labelled:
        customer = self._number_in_b[of_b.customer]
        order = np.argsort(customer)
        return Labelled(customer[order], of_b.churned[order])

    def _named(self, days: Collection[int]) -> tuple[int, ...]:
        """Those of the days named that are complete in a definition that names none."""
        planned = [side for side in (self.a, self.b) if side.listed is None]
        return tuple(day for day in sorted(days) if all(side.first_day < day <= side.newest for side in planned))

    def _planned(self) -> tuple[int, ...]:
        """The newest day that both can use and days before it, as far apart as the wider of the two plans."""
        later = min((self.a, self.b), key=lambda side: side.newest)
        plans = [side.config.prediction for side in (self.a, self.b)]
        apart, most = max(plan.days_apart for plan in plans), min(plan.most_cutoffs for plan in plans)
        oldest = max(self.a.oldest, self.b.oldest)
        return plan_cutoffs(oldest, later.as_of, later.config.timing, most=most, spacing_days=apart)

    def _asked(self, day: int) -> int:
        for side in (self.a, self.b):
            if side.config.label.kind == "given":
                if day not in side.label_days:
                    raise InputError(f"--cutoff {iso(day)}: {side.letter} has no labels of that day.", _choose(side.label_days))
            elif day > side.newest:
                what = f"--cutoff {iso(day)}: the outcome of {side.letter} is not over as of {iso(side.as_of)}."
                raise InputError(what, f"The newest cutoff both can use is {iso(min(self.a.newest, self.b.newest))}.")
            elif day <= side.first_day:
                raise InputError(
                    f"--cutoff {iso(day)}: the rows of {side.letter} begin on {iso(side.first_day)}.", "Give a later day."
                )
        return day

    def _span(self, side: Sided) -> str:
        """Which cutoffs a definition could use alone."""
        if side.listed is not None:
            days = ", ".join(map(iso, side.listed)) or "none"
            return f"{side.letter} names {days}"
        if side.oldest > side.newest:
            return f"{side.letter} has too short a history for any"
        return f"{side.letter} allows {iso(side.oldest)} to {iso(side.newest)}"


@contextmanager
def paired(a: Config, b: Config, as_of: int | None, progress: Progress) -> Iterator[Pair]:
    """Both configs with their data, read once where their sources are the same.

    Raises
    ------
    ConfigError : when their days are those of different time zones.
    InputError : when a file is refused, or no customer stands in both.
    """
    if a.time_zone != b.time_zone:
        raise ConfigError(
            f"A counts days in {a.time_zone} and B in {b.time_zone}: their cutoffs are different moments.",
            "Write the same time_zone into both.",
        )
    same = _reading(a) == _reading(b)
    with ExitStack() as held:
        if same:
            of_a = of_b = held.enter_context(loaded_data(_together(a, b), as_of, progress))
        else:
            of_a = held.enter_context(loaded_data(a, as_of, progress))
            of_b = held.enter_context(loaded_data(b, as_of, progress))
        number_in_b, shared = (np.empty(0, np.int64), of_a.n_customers) if same else _numbered(of_a, of_b)
        if not shared:
            raise InputError(
                f"A has {of_a.n_customers:,} customers and B {of_b.n_customers:,}, and none stands in both.",
                "Map columns.customer of both to the same kind of id.",
            )
        day = as_of if as_of is not None else min(_ends(a, of_a), _ends(b, of_b))
        yield Pair(Sided("A", a, of_a, day), Sided("B", b, of_b, day), same, shared, number_in_b)


def possible_kinds(config: Config) -> tuple[str, ...]:
    """Every kind of label that a config could declare as it is otherwise, its own first."""
    own = config.label.kind
    return (own, *(kind for kind in KINDS if kind != own and _is_possible(_with_kind(config, kind))))


def _is_possible(config: Config) -> bool:
    try:
        check_config(config)
    except ConfigError:
        return False
    return True


def _with_kind(config: Config, kind: str) -> Config:
    """The config with another kind of label; what belongs to one kind alone goes with it."""
    kept = {} if kind == config.label.kind else {"cancel": None}
    return config.model_copy(update={"label": config.label.model_copy(update={"kind": kind} | kept)})


def _reading(config: Config) -> dict[str, object]:
    """What decides which rows are read and how."""
    prediction = config.prediction.model_dump(include={"ready_hours"})
    return config.model_dump(include={"sources", "time_zone", "resolution"}) | prediction


def _together(a: Config, b: Config) -> Config:
    """A config that reads to where the sources of both activity definitions go."""
    declared = [day for day in (a.complete_through, b.complete_through) if day is not None]
    rules = a.activity.model_copy(update={"rules": (*a.activity.rules, *b.activity.rules)})
    return a.model_copy(update={"activity": rules, "complete_through": min(declared, default=None)})


def _ends(config: Config, loaded: Loaded) -> int:
    """The first day that is not read: after the declared day, or after the newest row that activity and label read."""
    if config.complete_through is not None:
        return min(day_number(config.complete_through) + 1, loaded.as_of)
    newest = [
        report.last_day for report in loaded.reports if report.name in config.sources_of_churn and report.last_day is not None
    ]
    return min(max(newest, default=loaded.as_of - 1) + 1, loaded.as_of)


def _numbered(of_a: Loaded, of_b: Loaded) -> tuple[NDArray[np.int64], int]:
    """The numbers in A of the customers of B, new ones for those who are not in A; and how many are."""
    ids = (pa.array(loaded.ids(), pa.string()) for loaded in (of_a, of_b))
    in_a, in_b = ids
    found = pc.index_in(in_b, value_set=in_a)
    there = found.is_valid().to_numpy(zero_copy_only=False)
    number = np.arange(len(in_b), dtype=np.int64) + len(in_a)
    number[there] = found.drop_null().to_numpy()
    return number, int(there.sum())


def _plan(side: Sided, cutoffs: Sequence[int], kind: str) -> SnapshotPlan:
    """Population and label without any feature."""
    features = side.config.features.model_copy(update={"families": ()})
    config = _with_kind(side.config, kind).model_copy(update={"features": features})
    return replace(SnapshotPlan.from_config(config, side.loaded, cutoffs), families=(), windows=(), as_of=side.as_of)


def _labelled(loaded: Loaded, plans: Sequence[SnapshotPlan], progress: Progress) -> list[dict[int, Labelled]]:
    """The population of each plan at each of its cutoffs; the rows pass by once."""
    found: list[list[tuple[NDArray[np.int32], ...]]] = [[] for _ in plans]
    for block in loaded.blocks():
        for pieces, plan in zip(found, plans, strict=True):
            table = build_snapshots([block], plan)
            pieces.append((table.cutoff, table.customer, table.churned.astype(np.int32)))
        progress("labels", block.first + block.n_customers, loaded.n_customers)
    return [_by_cutoff(pieces, plan.cutoffs) for pieces, plan in zip(found, plans, strict=True)]


def _by_cutoff(pieces: Sequence[tuple[NDArray[np.int32], ...]], cutoffs: Sequence[int]) -> dict[int, Labelled]:
    none = np.empty(0, np.int32)
    cutoff, customer, churned = (
        np.concatenate([none, *column]) for column in (zip(*pieces, strict=True) if pieces else [()] * 3)
    )
    here = {day: cutoff == day for day in cutoffs}
    return {day: Labelled(customer[rows].astype(np.int64), churned[rows].astype(np.int8)) for day, rows in here.items()}


def _choose(days: Sequence[int]) -> str:
    return f"Give one of {', '.join(map(iso, days))}." if days else "Give labels of that day."
