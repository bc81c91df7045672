"""Lines among agents: nobody has more than their minutes, nobody calls in a language they do not speak."""

from __future__ import annotations

import numpy as np

from churnscope.config.models import Agent
from churnscope.decisions.selection import Limits, Problem, select
from churnscope.decisions.sharing import Team, share_out


def shared(gains, minutes, agents, languages=None, budget=1e9):
    gains = np.asarray(gains, float)
    n = len(gains)
    team = Team.of(agents, languages or [None] * n)
    limits = Limits(np.array([minutes, np.ones(len(minutes))], float), np.array([team.minutes.sum(), budget]))
    asked = Problem(gains, limits, np.arange(n, dtype=np.uint64), np.zeros(n, bool))
    return share_out(asked, select(asked), team), team


def agent(name, minutes, *languages):
    return Agent(name=name, minutes=minutes, languages=languages)


def test_lines_are_shared_by_minutes() -> None:
    found, _ = shared([[5.0]] * 30, [10], [agent("A", 200.0), agent("B", 100.0)])
    assert np.bincount(found.agent[found.agent >= 0]).tolist() == [20, 10]


def test_a_line_that_fits_into_nobodys_minutes_makes_room_for_a_shorter_one() -> None:
    found, _ = shared([[9.0, -1.0], [8.0, -1.0], [-1.0, 2.0]], [10, 4], [agent("A", 10.0), agent("B", 9.0)])
    assert found.choice.tolist() == [0, -1, 1]
    assert found.agent.tolist() == [0, -1, 1]


def test_an_agent_calls_only_customers_whose_language_they_speak() -> None:
    languages = ["fr", "EN ", None, "de", "fr"]
    found, team = shared([[5.0]] * 5, [10], [agent("A", 60.0, "en"), agent("B", 60.0, "FR")], languages)
    assert team.speaks.tolist() == [[False, True], [True, False], [True, True], [False, False], [False, True]]
    assert found.agent[[0, 1, 4]].tolist() == [1, 0, 1]
    assert found.choice[3] == -1


def test_nobody_has_more_than_their_minutes() -> None:
    rng = np.random.default_rng(0)
    minutes = [7, 11, 3]
    found, team = shared(rng.gamma(1, 5, (500, 3)), minutes, [agent(str(i), m) for i, m in enumerate((31.0, 45.0, 12.0))])
    used = np.zeros(3)
    for who, what in zip(found.agent, found.choice, strict=True):
        assert (who >= 0) == (what >= 0)
        if who >= 0:
            used[who] += minutes[what]
    assert (used <= team.minutes).all()
    assert used.sum() >= 85  # of 88


def test_what_takes_no_time_is_dealt_out_in_turn() -> None:
    found, _ = shared([[1.0]] * 10, [0], [agent("A", 1.0), agent("B", 1.0)])
    assert np.bincount(found.agent).tolist() == [5, 5]
