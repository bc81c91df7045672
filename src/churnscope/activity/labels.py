"""Who left: the label of every customer at every cutoff, of one kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from churnscope.activity.definition import Activity
from churnscope.config.models import Label
from churnscope.errors import InputError
from churnscope.events import Events, Grid, Observed
from churnscope.timeline import Timing

CENSORED = -1  # the data end before the outcome is known
LEFT_OUT = -2  # there is nothing that could be lost or kept: the contract had ended before the outcome window, or no level
_ROUNDING = 1e-9  # of a share of a level: what lies below it by less does not lie below it

Labels = NDArray[np.int8]


def churned(
    activity: Activity,
    label: Label,
    logs: Mapping[str, Events],
    *,
    cutoffs: NDArray[np.int32],
    timing: Timing,
    as_of: int,
    days_together: int = 1,
) -> Labels:
    """The label of every customer at every cutoff, from every row known when it is built.

    Parameters
    ----------
    label : its `kind` says what leaving is; `[c + gap, c + gap + horizon)` is the outcome window.

        - `no_event`: no qualifying event falls in it.
        - `not_active`: the activity definition does not hold at its end.
        - `contract_end`: a counted term ends in it while no other one is in force, and none starts in the days of grace after
          that. Left out is whose last term had ended before the window, unless another began by its first day. Where renewals
          are counted, it is so before the agreed end of so many terms has been reached and renewed; left out is also whose
          outcome is not known, days of grace and all, by the end of the window.
        - `cancel`: a cancellation falls in it: notice given of a counted term, or a row of the source that `cancel` names.
        - `partial`: what the rules count in it is less than `share` of the same in the horizon's days before the cutoff. Left
          out is who had nothing then.
        - `given`: as the rows of the role `labels` say, one per customer and cutoff, whatever the timing, or as the customer's
          newest row of the role `snapshot` does; without it there is no label.
    logs : role -> rows.
    cutoffs : int32, shape (n_cutoffs,), rising.
    as_of : first day that is not read.
    days_together : days before a cutoff whose rows of the role `snapshot` are those of the cutoff.

    Returns
    -------
    Shape (n_cutoffs, n_customers): 1 churned, 0 stayed, `CENSORED` where the outcome is not known by `as_of`, else `LEFT_OUT`.

    Raises
    ------
    InputError : when two given labels of one customer and cutoff differ.
    """
    if label.kind == "given":
        return _given(logs["labels"], cutoffs) if "labels" in logs else _of_rows(logs["snapshot"], cutoffs, days_together)
    outcome = _Outcome(activity, label, timing, logs, cutoffs)
    answer: Labels = _KINDS[label.kind](outcome).astype(np.int8)
    answer[timing.outcome_end(0) + cutoffs > as_of] = CENSORED
    return answer


@dataclass(frozen=True)
class _Outcome:
    """What customers do in the outcome windows; one method per kind of label."""

    activity: Activity
    label: Label
    timing: Timing
    logs: Mapping[str, Events]
    cutoffs: NDArray[np.int32]

    def no_event(self) -> NDArray[np.bool_]:
        nothing: NDArray[np.bool_] = np.all(
            [rows.count(self._horizon) == 0 for rows in self.activity.qualifying(self._at_end)], axis=0
        )
        return nothing

    def not_active(self) -> NDArray[np.bool_]:
        return ~self.activity.active(self._at_end)

    def contract_end(self) -> Labels:
        terms = self.activity.terms(self._seen(self.timing.gap_days, ())).terms
        grace_days, closes = self.activity.definition.grace_days, (self.cutoffs + self.timing.gap_days + self._horizon)[:, None]
        ended = _nth_from(terms.unrenewed(grace_days), 1)
        left = ended < closes
        if self.timing.renewals is not None:
            known = closes - grace_days
            renewed = _nth_from(terms.renewed(grace_days), self.timing.renewals)
            left = np.where(np.minimum(ended, renewed) < known, ended <= renewed, np.int8(LEFT_OUT))
        return np.where(self._is_bound, left, np.int8(LEFT_OUT))

    @property
    def _is_bound(self) -> NDArray[np.bool_]:
        """Who has a term as the window begins: seen a day later, so that one which begins on that day counts."""
        terms = self.activity.terms(self._seen(self.timing.gap_days + 1, ()))
        return terms.count() > terms.terms.over.after(1).count()

    def cancel(self) -> NDArray[np.bool_]:
        named = self.label.cancel
        if named is None:
            notices = self.activity.terms(self._at_end).at("cancelled")
        else:
            notices = self.activity.rows(named.source, named.where, self._at_end)
        return notices.count(self._horizon) > 0

    def partial(self) -> Labels:
        before, after = self._level(self._seen(0, (self._horizon,))), self._level(self._at_end)
        return np.where(before > 0, after < self.label.share * before * (1 - _ROUNDING), np.int8(LEFT_OUT))

    def _level(self, seen: Mapping[str, Observed]) -> NDArray[np.float64]:
        """What the rules count in the horizon's days, of each source and mark once."""
        rules = {(rule.source, rule.where): rule for rule in self.activity.definition.rules}
        level: NDArray[np.float64] = np.sum(
            [self.activity.amount(rule, seen, self._horizon) for rule in rules.values()], axis=0
        )
        return level

    @property
    def _horizon(self) -> int:
        return self.timing.horizon_days

    @cached_property
    def _at_end(self) -> Mapping[str, Observed]:
        """All rows as the end of each outcome window sees them."""
        return self._seen(self.timing.gap_days + self._horizon, (self._horizon, *self.activity.windows))

    def _seen(self, days_later: int, windows: tuple[int, ...]) -> Mapping[str, Observed]:
        grid = Grid((self.cutoffs + days_later).tolist(), windows)
        return {role: grid.see(events) for role, events in self.logs.items()}


def _nth_from(rows: Observed, nth: int) -> NDArray[np.float64]:
    """The day of the n-th row at or after each cutoff, infinite where there is none. It looks ahead: for labels only."""
    events = rows.events
    place = events.begin[:-1] + rows.count().astype(np.int64) + nth - 1
    days = np.append(events.day.astype(np.float64), np.inf)
    return np.where(place < events.begin[1:], days[np.minimum(place, len(events.day))], np.inf)


_KINDS: Mapping[str, Callable[[_Outcome], NDArray[np.bool_] | Labels]] = {
    "no_event": _Outcome.no_event,
    "not_active": _Outcome.not_active,
    "contract_end": _Outcome.contract_end,
    "cancel": _Outcome.cancel,
    "partial": _Outcome.partial,
}


def _given(labels: Events, cutoffs: NDArray[np.int32]) -> Labels:
    """The label of each row at the cutoff it speaks of."""
    answer = np.full((len(cutoffs), labels.n_customers), CENSORED, np.int8)
    place = np.minimum(np.searchsorted(cutoffs, labels.day), len(cutoffs) - 1)
    told = cutoffs[place] == labels.day
    cells, churned_rows = (place[told], labels.customer[told]), labels.signals["churned"][told].astype(np.int8)
    answer[cells] = churned_rows
    contradicted = int(np.count_nonzero(answer[cells] != churned_rows))
    if contradicted:
        raise InputError(
            f"{contradicted:,} given labels differ from another one of the same customer and cutoff.",
            "Give each customer one label a cutoff; which of them is true only you can know.",
        )
    return answer


def _of_rows(rows: Events, cutoffs: NDArray[np.int32], days_together: int) -> NDArray[np.int8]:
    """The label of each customer's newest row of the days before a cutoff."""
    told, customer, day = rows.signals["churned"], rows.customer, rows.day
    label = np.where(np.isnan(told), CENSORED, told).astype(np.int8)
    answer = np.full((len(cutoffs), rows.n_customers), CENSORED, np.int8)
    place = np.searchsorted(cutoffs, day, side="right")
    near = cutoffs[np.minimum(place, len(cutoffs) - 1)] - day
    here = np.flatnonzero((near >= 1) & (near <= days_together))
    answer[place[here], customer[here]] = label[here]  # rows rise with time: the newest one is written last
    same_day = (np.diff(customer) == 0) & (np.diff(day) == 0)
    contradicted = int(np.count_nonzero(same_day & (np.diff(label) != 0)))
    if contradicted:
        raise InputError(
            f"{contradicted:,} rows have another label than a row of the same customer and day.",
            "Give each customer one row a day; which of them is true only you can know.",
        )
    return answer
