"""The lines of a list among those who make the contacts, by their minutes and the languages they speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Agent
from churnscope.decisions.offer import Array
from churnscope.decisions.selection import NOTHING, Choices, Problem, Selection

MOST_TRIED = 2_000  # customers tried for the minutes that a whole line no longer fills
_SPARE = 1e-9


@dataclass(frozen=True, eq=False)
class Team:
    """Who makes the contacts.

    Parameters
    ----------
    agents : by name, minutes and languages.
    speaks : shape (n_customers, n_agents), who can talk to whom.
    """

    agents: tuple[Agent, ...]
    speaks: NDArray[np.bool_]

    @classmethod
    def of(cls, agents: Sequence[Agent], languages: Sequence[str | None]) -> Team:
        """Everybody talks to a customer of whom no language is known, and so does an agent without languages."""
        spoken = np.array(["" if language is None else language.strip().casefold() for language in languages], np.str_)
        columns = [
            np.isin(spoken, ["", *(language.casefold() for language in agent.languages)])
            if agent.languages
            else np.ones(len(spoken), np.bool_)
            for agent in agents
        ]
        return cls(tuple(agents), np.column_stack(columns))

    @property
    def minutes(self) -> Array:
        """What each has, shape (n_agents,)."""
        return np.array([agent.minutes for agent in self.agents])


@dataclass(frozen=True, eq=False)
class Shared:
    """A list that is shared out: the action and the agent of every customer, shape (n,), -1 for none."""

    choice: Choices
    agent: Choices


def share_out(problem: Problem, selection: Selection, team: Team) -> Shared:
    """Give every line to the agent with most minutes left who speaks the customer's language.

    The longest lines come first, among equal ones those that bring most. A line that fits into nobody's minutes goes, and the
    customers next in worth whom the list had no room for are tried in what is left.
    """
    choice, minutes = selection.choice.copy(), problem.limits.used[0]
    agent, left = np.full(len(choice), NOTHING, np.int64), team.minutes.copy()
    lines = np.flatnonzero(choice >= 0)
    free = minutes[choice[lines]] == 0
    _deal(agent, lines[free], team)
    timed = lines[~free]
    gain = problem.gains[timed, choice[timed]]
    for line in timed[np.lexsort((problem.ties[timed], -gain, -minutes[choice[timed]]))].tolist():
        agent[line] = _given(left, team.speaks[line], float(minutes[choice[line]]))
    choice[agent == NOTHING] = NOTHING
    _fill(problem, selection.worth, team, Shared(choice, agent), left)
    return Shared(choice, agent)


def _deal(agent: Choices, lines: NDArray[np.int64], team: Team) -> None:
    """Lines that take no time, one after the other to all who speak the language."""
    kinds, kind = np.unique(team.speaks[lines], axis=0, return_inverse=True)
    for number, speaks in enumerate(kinds):
        of_kind, able = lines[kind.reshape(-1) == number], np.flatnonzero(speaks)
        if len(able):
            agent[of_kind] = able[np.arange(len(of_kind)) % len(able)]


def _given(left: Array, speaks: NDArray[np.bool_], minutes: float) -> int:
    """The agent who takes a line, with the minutes taken off; -1 where none can."""
    who = int(np.where(speaks, left, -1.0).argmax())
    if not speaks[who] or left[who] + _SPARE < minutes:
        return NOTHING
    left[who] -= minutes
    return who


def _fill(problem: Problem, worth: Array, team: Team, shared: Shared, left: Array) -> None:
    """Try the next customers in what the agents have left; `shared` and `left` are filled in."""
    gains, limits, room = problem.gains, problem.limits, problem.limits.left(shared.choice)
    waiting = np.flatnonzero((shared.choice == NOTHING) & np.isfinite(worth) & ~problem.is_control)
    if len(waiting) > MOST_TRIED:
        waiting = waiting[np.argpartition(-worth[waiting], MOST_TRIED)[:MOST_TRIED]]
    for customer in waiting[np.lexsort((problem.ties[waiting], -worth[waiting]))].tolist():
        fits = limits.fits(room)
        if not fits.any():
            return
        for action in np.argsort(-gains[customer], kind="stable").tolist():
            if not fits[action] or gains[customer, action] <= 0:
                continue
            who = _given(left, team.speaks[customer], float(limits.used[0, action]))
            if who >= 0:
                shared.agent[customer], shared.choice[customer] = who, action
                room -= limits.used[:, action]
                break
