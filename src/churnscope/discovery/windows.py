"""How far activity looks back and prediction ahead: the usual for the business, as far as the history allows.

This is the whole choice; how often the customers of this very business come back is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from churnscope.discovery.guesses import counted
from churnscope.discovery.presets import Preset

# Outcome windows beside each other: to fit, to stop and to test on need three, and a fourth leaves some room.
_OUTCOMES = 4
_MONTH_DAYS = 30
_DAYS = (365, 180, 90, 60, 30, 21, 14, 7, 3)


@dataclass(frozen=True)
class Windows:
    """What is looked back on and ahead at.

    Parameters
    ----------
    active_days : of the activity rules.
    horizon_days : of the outcome.
    features_days : windows of the features.
    evidence : why.
    check : whether a person should look, since the usual did not fit.
    """

    active_days: int
    horizon_days: int
    features_days: tuple[int, ...]
    evidence: str
    check: bool = False


def choose_windows(preset: Preset, history_days: int) -> Windows:
    """Windows that leave enough complete cutoffs to train on.

    Parameters
    ----------
    preset : the kind of business.
    history_days : days from the first row to the last.

    Examples
    --------
    >>> from churnscope.discovery.presets import PRESETS
    >>> choose_windows(PRESETS["shop"], 738).horizon_days, choose_windows(PRESETS["shop"], 200).horizon_days
    (90, 30)
    """
    seen = tuple(days for days in preset.windows_days if days <= history_days) or preset.windows_days[:1]
    history = f"{counted(history_days, 'day')} of history"
    usual = f"the usual for {_article(preset.name)}"
    if preset.active_days + _OUTCOMES * preset.horizon_days <= history_days:
        return Windows(preset.active_days, preset.horizon_days, seen, f"{usual}; {history} allow it")
    for horizon in (days for days in _DAYS if days <= preset.horizon_days):
        active = min(preset.active_days, max(horizon, 7))
        if active + _OUTCOMES * horizon <= history_days:
            evidence = f"{history} are too short for {usual}, {preset.horizon_days} days ahead"
            return Windows(active, horizon, seen, evidence, check=True)
    evidence = f"{history} are too short to train on: give more"
    return Windows(7, 7, seen, evidence, check=True)


def choose_term_windows(preset: Preset, term_days: int | None, history_days: int) -> Windows:
    """Windows for contracts: the outcome window is as long as a usual term, so that every contract's end falls into one.

    Parameters
    ----------
    term_days : of a usual term; None where contracts run until they end.
    history_days : days from the first row to the last.

    Examples
    --------
    >>> from churnscope.discovery.presets import PRESETS
    >>> found = choose_term_windows(PRESETS["streaming"], 31, 500)
    >>> found.horizon_days, found.evidence
    (30, 'a usual term lasts 31 days; 500 days of history allow it')
    """
    usual = f"a usual term lasts {counted(term_days, 'day')}" if term_days else "no term is agreed: the usual month"
    days = _MONTH_DAYS if term_days is None or _MONTH_DAYS <= term_days <= _MONTH_DAYS + 1 else term_days
    found = choose_windows(replace(preset, active_days=1, horizon_days=days), history_days)
    if found.horizon_days == days:
        return replace(found, evidence=f"{usual}; {counted(history_days, 'day')} of history allow it")
    return replace(found, evidence=f"{usual}, but {counted(history_days, 'day')} of history are too short for that", check=True)


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
