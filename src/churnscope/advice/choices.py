"""What each activity window and horizon would cost, and the pair to begin with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from churnscope.advice.silences import Silences
from churnscope.errors import InputError
from churnscope.timeline import Timing, plan_cutoffs, split_by_time

WINDOWS: Final = (7, 14, 30, 45, 60, 90, 120, 180, 270, 365)
HORIZONS: Final = (7, 14, 30, 60, 90, 180)
GAPS: Final = (0, 7, 14)
YEAR: Final = 365
FEWEST_WATCHED: Final = 30  # customers still watched, below which a share says nothing
LEAST_COVERED: Final = 0.9  # of all pauses; the others are interruptions that a window has to call inactivity
MOST_RETURNING: Final = 1 / 3  # of those called inactive
LEAST_HISTORY: Final = 3  # windows; a window that fills most of the history is judged by the few pauses it saw end
FEWEST_EACH: Final = 200  # churned and stayed customers, from which trees can learn
PARTS: Final = 3  # to fit, to stop and to test, each with an outcome window of its own


@dataclass(frozen=True)
class Terms:
    """What the choices are measured in.

    Parameters
    ----------
    first_day, as_of : day of the oldest row, and the first day that is not read.
    delay_days : days after an outcome window until its rows have arrived.
    most_cutoffs : how many cutoffs are planned at most.
    """

    first_day: int
    as_of: int
    delay_days: int = 0
    most_cutoffs: int = 12

    @property
    def history_days(self) -> int:
        """Days from the oldest row to `as_of`."""
        return self.as_of - self.first_day

    @property
    def windows(self) -> tuple[int, ...]:
        """Lengths that the history can judge; the shortest where it can judge none."""
        return tuple(days for days in WINDOWS if LEAST_HISTORY * days <= self.history_days) or WINDOWS[:1]

    @property
    def timings(self) -> tuple[Timing, ...]:
        """Every horizon with every gap."""
        return tuple(Timing(horizon, gap, self.delay_days) for horizon in HORIZONS for gap in GAPS)

    def cutoffs(self, window: int, timing: Timing) -> int:
        """How many complete cutoffs could be learned from; 0 where they do not suffice to fit, to stop and to test."""
        spacing = max(1, timing.horizon_days // 3)
        planned = plan_cutoffs(self.first_day + window, self.as_of, timing, most=self.most_cutoffs, spacing_days=spacing)
        try:
            split_by_time(planned, timing)
        except InputError:
            return 0
        return len(planned)


@dataclass(frozen=True)
class WindowChoice:
    """What it means to call a customer inactive after so many days of silence, which is also the delay until a loss is seen.

    Parameters
    ----------
    called : how often it would have happened.
    returned, returned_low, returned_high : share of those who came back within `within_days`, with 95 % limits; pauses that
        still last are censored.
    within_days : a year, or less where the data end earlier.
    covered : share of all ended pauses that were no longer than the window.
    active : customers active on the last day.
    """

    days: int
    called: int
    returned: float
    returned_low: float
    returned_high: float
    within_days: int
    covered: float
    active: int


@dataclass(frozen=True)
class HorizonChoice:
    """What a horizon and a gap leave to learn from, at the newest cutoff whose outcome is known.

    Parameters
    ----------
    customers, churned : active customers, and those of them without an event in the outcome window.
    cutoffs : complete ones that training would use; 0 where they are too few.
    """

    horizon_days: int
    gap_days: int
    customers: int
    churned: int
    cutoffs: int

    @property
    def base_rate(self) -> float:
        """Share that churned; NaN where nobody was active."""
        return self.churned / self.customers if self.customers else float("nan")

    @property
    def is_enough(self) -> bool:
        """Whether a model can be trained and judged on it."""
        return self.cutoffs > 0 and min(self.churned, self.customers - self.churned) >= FEWEST_EACH


@dataclass(frozen=True)
class Advice:
    """Every window, the horizons and gaps for the recommended one, and the pair to begin with.

    Parameters
    ----------
    windows : by rising length.
    horizons : with no gap, by rising length.
    gaps : for the recommended horizon.
    window, horizon : recommended, in days.
    needed_days, history_days : that the pair needs, and that there are.
    usual_days : length that half, and nine in ten, of the ended pauses do not exceed.
    """

    windows: tuple[WindowChoice, ...]
    horizons: tuple[HorizonChoice, ...]
    gaps: tuple[HorizonChoice, ...]
    window: int
    horizon: int
    needed_days: int
    history_days: int
    usual_days: tuple[int, int]
    customers: int

    @property
    def chosen_window(self) -> WindowChoice:
        """The recommended window."""
        return next(choice for choice in self.windows if choice.days == self.window)

    @property
    def chosen_horizon(self) -> HorizonChoice:
        """The recommended horizon."""
        return next(choice for choice in self.horizons if choice.horizon_days == self.horizon)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        horizons = {"horizons": self.horizons, "gaps": self.gaps}
        rated = {
            name: [asdict(each) | {"base_rate": each.base_rate if each.customers else None} for each in choices]
            for name, choices in horizons.items()
        }
        return asdict(self) | rated


def advise(silences: Silences, terms: Terms) -> Advice:
    """The cost of every choice, and one of them.

    Parameters
    ----------
    silences : counted for `terms.windows` and `terms.timings`.

    Notes
    -----
    Recommended is the shortest window within which nine in ten pauses end and of whose inactive customers at most a third come
    back within a year; where there is none, the longest that the history can judge. The horizon is the shortest of at least
    half the window, lest an ordinary pause count as churn, that leaves enough to learn from; else the longest that does.
    """
    windows = tuple(_window(silences, terms, row) for row in range(len(terms.windows)))
    window = next((choice.days for choice in windows if _is_safe(choice)), windows[-1].days)
    choices = [_horizon(silences, terms, window, timing) for timing in terms.timings]
    horizons = tuple(choice for choice in choices if not choice.gap_days)
    horizon = _recommended(horizons, window)
    return Advice(
        windows=windows,
        horizons=horizons,
        gaps=tuple(choice for choice in choices if choice.horizon_days == horizon),
        window=window,
        horizon=horizon,
        needed_days=window + PARTS * Timing(horizon, 0, terms.delay_days).outcome_end(0) + terms.delay_days,
        history_days=terms.history_days,
        usual_days=(silences.usual_days(0.5), silences.usual_days(LEAST_COVERED)),
        customers=silences.customers,
    )


def _window(silences: Silences, terms: Terms, row: int) -> WindowChoice:
    days = terms.windows[row]
    curve = silences.return_curve(days)
    within = min(YEAR, curve.longest(FEWEST_WATCHED))
    back, low, high = (1 - float(limit[within]) for limit in (curve.survival, curve.high, curve.low))
    active = int(silences.lasting[: days + 1].sum())
    return WindowChoice(days, silences.called_inactive(days), back, low, high, within, silences.covered(days), active)


def _is_safe(choice: WindowChoice) -> bool:
    return choice.covered >= LEAST_COVERED and choice.returned <= MOST_RETURNING


def _horizon(silences: Silences, terms: Terms, window: int, timing: Timing) -> HorizonChoice:
    place = terms.windows.index(window), terms.timings.index(timing)
    counted = int(silences.active[place]), int(silences.churned[place])
    return HorizonChoice(timing.horizon_days, timing.gap_days, *counted, terms.cutoffs(window, timing))


def _recommended(horizons: tuple[HorizonChoice, ...], window: int) -> int:
    enough = [choice.horizon_days for choice in horizons if choice.is_enough]
    trainable = [choice.horizon_days for choice in horizons if choice.cutoffs]
    possible = enough or trainable or [HORIZONS[0]]
    return next((days for days in possible if 2 * days >= window), possible[-1])
