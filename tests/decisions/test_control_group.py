"""Who is left alone, the same in every run, and what a list can show."""

from __future__ import annotations

import hashlib
from math import sqrt

import numpy as np
import pytest

from churnscope.decisions.control_group import ControlGroup, lots, smallest_effect

IDS = [f"c{number}" for number in range(20_000)]


def test_a_lot_is_the_declared_hash() -> None:
    digest = hashlib.sha256("salt\x1fspring\x1fJosé".encode()).digest()
    assert lots(["José"], "salt", "spring").tolist() == [int.from_bytes(digest[:8], "big") / 2**64]
    assert lots([], "salt").tolist() == []


def test_lots_are_even_and_independent_between_campaigns() -> None:
    spring, autumn = lots(IDS, "s", "spring"), lots(IDS, "s", "autumn")
    assert np.histogram(spring, bins=10, range=(0, 1))[0] == pytest.approx([2_000] * 10, abs=150)
    assert abs(np.corrcoef(spring, autumn)[0, 1]) < 0.03


def test_a_customer_has_the_same_lot_whoever_is_beside() -> None:
    group = ControlGroup("s", "spring", 0.1)
    all_, some = group.holds(IDS), group.holds(IDS[::7])
    np.testing.assert_array_equal(all_[::7], some)
    assert all_.mean() == pytest.approx(0.1, abs=0.01)


def test_the_universal_group_is_left_alone_by_every_campaign() -> None:
    everywhere = ControlGroup("s", "", 0.0, universal_share=0.05).holds(IDS)
    for campaign in ("spring", "autumn"):
        held = ControlGroup("s", campaign, 0.1, universal_share=0.05).holds(IDS)
        assert (held | ~everywhere).all()
        assert held.mean() == pytest.approx(1 - 0.95 * 0.9, abs=0.01)


def test_a_larger_share_keeps_those_of_the_smaller_one() -> None:
    small, large = ControlGroup("s", "spring", 0.1).holds(IDS), ControlGroup("s", "spring", 0.2).holds(IDS)
    assert (large | ~small).all()
    assert not ControlGroup("s", "spring", 0.0).holds(IDS).any()


def test_forty_to_thirty_seven_per_cent_needs_as_many_as_published() -> None:
    effect = smallest_effect(4_126, 4_126, 0.40)
    assert effect == pytest.approx(0.03, abs=1e-5)
    needed = (1.959964 + 0.8416212) * sqrt(0.4 * 0.6 / 4_126 + (0.4 - effect) * (0.6 + effect) / 4_126)
    assert effect == pytest.approx(needed, abs=1e-9)


def test_a_small_control_shows_little_and_none_shows_nothing() -> None:
    assert smallest_effect(1_000, 100, 0.4) > smallest_effect(1_000, 500, 0.4)
    assert smallest_effect(25, 3, 0.3) is None
    assert smallest_effect(25, 0, 0.3) is None
    assert smallest_effect(0, 3, 0.3) is None
