"""What the business means by active and by churned: from the kind of business, the roles of its files, and their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from churnscope.discovery.contracts import TERMS, few_ends, survivors, term_windows, told_through
from churnscope.discovery.drafts import Draft
from churnscope.discovery.guesses import ANSWERED, FEWEST_CHURNED, Ask, Guess, Question, counted
from churnscope.discovery.presets import PRESETS, Like, Preset, likely
from churnscope.discovery.windows import Windows, choose_windows
from churnscope.roles import ROLES

_IN_FORCE = "a contract is in force"
_EVENING = 18  # data that end earlier in the day end in the middle of it
_STILL_RUNNING_DAYS = 14
_STRAY_SHARE = 0.01
_MOST_DAYS = 3_650


@dataclass(frozen=True)
class Business:
    """Who is active and who churned.

    Parameters
    ----------
    preset : the kind of business.
    sources : names of those whose rows count as activity.
    in_force : whether their rows are terms of contracts, which count while they run.
    windows : how far is looked back and ahead.
    complete_through : last whole day, where the newest row would mislead.
    guesses : what was seen.
    """

    preset: Preset
    sources: tuple[str, ...]
    in_force: bool
    windows: Windows
    complete_through: date | None
    guesses: tuple[Guess, ...]

    @property
    def does(self) -> str:
        """What an active customer does, or has."""
        return _IN_FORCE if self.in_force else f"{self.preset.does} in the last {self.windows.active_days} days"


def describe_business(drafts: Sequence[Draft], like: Like | None, today: date, ask: Ask) -> Business:
    """The usual definitions for the files at hand; days and kind are asked for where somebody can answer."""
    preset, kind = _preset([draft.role for draft in drafts], like, ask)
    sources, active = _counted(drafts, preset)
    in_force = sources[0].role == TERMS
    through = told_through(sources, today) if in_force else _complete_through(sources, today)
    first, last = _span(sources if in_force else drafts, today)
    end = date.fromisoformat(through.value) if through else last
    guesses = [kind, active, _history(first, end), *([through] if through else [])]
    if in_force:
        windows = _asked(term_windows(sources, preset, end), preset, ask, in_force=True)
        found = [survivors(sources, windows.horizon_days), few_ends(sources, end)]
    else:
        windows = _asked(choose_windows(preset, (end - first).days + 1), preset, ask, in_force=False)
        guesses.append(Guess("activity.rules", f"last {windows.active_days} days", windows.evidence, windows.check))
        found = [_few_leavers(sources, end, windows.horizon_days)]
    guesses.append(Guess("prediction.horizon_days", str(windows.horizon_days), windows.evidence, windows.check))
    guesses += [guess for guess in found if guess]
    return Business(preset, tuple(draft.name for draft in sources), in_force, windows, end if through else None, tuple(guesses))


def _preset(roles: Sequence[str], like: Like | None, ask: Ask) -> tuple[Preset, Guess]:
    if like is not None:
        return PRESETS[like], Guess("kind of business", like, "as given by --like")
    name, why = likely(roles)
    answer = ask(Question("like", f"Kind of business ({why})", name, tuple(PRESETS)))
    chosen = next((known for known in PRESETS if known == answer), name)
    return PRESETS[chosen], Guess("kind of business", chosen, why if answer is None else ANSWERED)


def _counted(drafts: Sequence[Draft], preset: Preset) -> tuple[list[Draft], Guess]:
    """The sources whose rows count as activity, and what active means."""
    events = [draft for draft in drafts if ROLES[draft.role].is_activity]
    present = [role for role in preset.roles if any(draft.role == role for draft in events)]
    roles = present if preset.all_roles else present[:1]
    chosen = [draft for draft in events if draft.role in roles] or events
    if terms := [draft for draft in chosen if draft.role == TERMS]:
        return terms, Guess("active", _IN_FORCE, f"terms of {', '.join(draft.name for draft in terms)} count while they run")
    evidence, check = f"rows of {', '.join(draft.name for draft in chosen)} count", False
    if preset.roles[0] not in roles:
        evidence, check = f"no file holds {preset.roles[0]}: {evidence}", True
    return chosen, Guess("active", preset.does, evidence, check)


def _asked(windows: Windows, preset: Preset, ask: Ask, *, in_force: bool) -> Windows:
    active: int | None = windows.active_days
    if not in_force:
        active = _days(ask, "activity.days", f"Active: {preset.does} in the last so many days", windows.active_days)
    what = "the contract ends" if in_force else preset.not_doing
    horizon = _days(ask, "prediction.horizon_days", f"Churned: {what} in the next so many days", windows.horizon_days)
    if active is None or horizon is None:
        return windows
    return Windows(active, horizon, windows.features_days, ANSWERED)


def _days(ask: Ask, key: str, text: str, default: int) -> int | None:
    answer = ask(Question(key, text, str(default), whole_number=True))
    return None if answer is None else min(_MOST_DAYS, max(1, int(answer)))


def _moments(draft: Draft) -> list[datetime]:
    return [moment for times in draft.times for moment in times.good]


def _span(drafts: Sequence[Draft], today: date) -> tuple[date, date]:
    """First and last day of the events, a few strays left out."""
    days = sorted(moment.date() for draft in drafts if ROLES[draft.role].is_activity for moment in _moments(draft))
    inside = [day for day in days if day <= today]
    days = inside if len(inside) >= (1 - _STRAY_SHARE) * len(days) else days
    return days[len(days) // 1_000], days[-1]


def _few_leavers(drafts: Sequence[Draft], end: date, horizon_days: int) -> Guess | None:
    """A warning where hardly anybody has stayed away: a sample of rows can only make customers look more absent."""
    newest: dict[str, date] = {}
    for draft in drafts:
        for customer, moment in draft.visits():
            newest[customer] = max(newest.get(customer, moment.date()), moment.date())
    gone = sum(day < end - timedelta(days=horizon_days) for day in newest.values())
    if gone >= FEWEST_CHURNED:
        return None
    evidence = (
        f"of {len(newest):,} customers in the sample {gone:,} were not seen in the last {horizon_days} days: "
        f"{FEWEST_CHURNED} who leave are the fewest to learn from; look whether the activity rules say what leaving means"
    )
    return Guess("churned", "hardly anybody", evidence, check=True)


def _history(first: date, last: date) -> Guess:
    return Guess("history", f"{first} to {last}", f"{counted((last - first).days + 1, 'day')} in the sample")


def _complete_through(drafts: Sequence[Draft], today: date) -> Guess | None:
    """The last whole day, where it is not the day of the newest row."""
    ends = {draft.name: _last_whole_day(draft, today) for draft in drafts}
    newest = max(day for day, _ in ends.values())
    running = {name: end for name, end in ends.items() if (newest - end[0]).days <= _STILL_RUNNING_DAYS}
    name, (day, why) = min(running.items(), key=lambda item: item[1][0])
    if not why and day < newest:
        why = f"{name} ends then, other files later"
    return Guess("complete_through", day.isoformat(), why, check=True) if why else None


def _last_whole_day(draft: Draft, today: date) -> tuple[date, str]:
    """The last day on which a source is whole, and why it is not the newest one."""
    moments = _moments(draft)
    inside = [moment for moment in moments if moment.date() <= today]
    strays = len(moments) - len(inside)
    if strays and len(inside) >= (1 - _STRAY_SHARE) * len(moments):
        last = max(inside)
        return last.date(), f"{counted(strays, 'sampled row')} of {draft.name} dated after today"
    last = max(moments)
    is_sure = draft.kind.is_whole or all(table.text is None or table.text.reaches_end for table in draft.tables)
    if is_sure and any(times.has_clock for times in draft.times) and last.hour < _EVENING:
        before = max((moment.date() for moment in moments if moment.date() < last.date()), default=last.date())
        if before < last.date():
            return last.date() - timedelta(days=1), f"{draft.name} ends at {last:%H:%M} of the day after: that day is not whole"
    return last.date(), ""
