"""Two populations counted against each other, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.advice import Agreement, KindsAgreement, Labelled


def labelled(**customers: int) -> Labelled:
    """`c3=1`: customer 3 churned; below 0: no label."""
    numbers = sorted((int(name[1:]), label) for name, label in customers.items())
    customer, churned = (np.array(column) for column in zip(*numbers, strict=True)) if numbers else (np.empty(0), np.empty(0))
    return Labelled(customer.astype(np.int64), churned.astype(np.int8))


A = labelled(c1=1, c2=1, c3=0, c4=0, c5=-1, c6=1, c9=0)
B = labelled(c1=1, c2=0, c3=1, c4=0, c5=0, c6=-2, c7=1, c8=-1)


def test_every_customer_is_counted_once() -> None:
    found = Agreement.of(A, B)
    assert (found.a.customers, found.a.churned, found.a.stayed, found.a.left_out, found.a.not_known) == (7, 3, 3, 0, 1)
    assert (found.b.customers, found.b.churned, found.b.stayed, found.b.left_out, found.b.not_known) == (8, 3, 3, 1, 1)
    assert (found.both, found.only_a, found.only_b) == (6, 1, 2)
    assert found.crossed == ((1, 1, 1, 0), (1, 1, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0))
    assert (found.compared, found.churned_in_a_only, found.churned_in_b_only, found.differing) == (4, 1, 1, 2)
    assert (found.a.base_rate, found.agreement, found.kappa) == (0.5, 0.5, 0.0)


def test_the_same_definition_agrees_with_itself() -> None:
    found = Agreement.of(A, A)
    assert (found.both, found.only_a, found.only_b, found.agreement, found.kappa) == (7, 0, 0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "agreement", "kappa"),
    [
        (labelled(c1=1, c2=1), labelled(c1=1, c2=1), 1.0, None),  # chance alone would do as much
        (labelled(c1=1, c2=0), labelled(c1=0, c2=1), 0.0, -1.0),
        (labelled(c1=1), labelled(c2=1), None, None),
        (labelled(c1=1), labelled(c1=-1), None, None),
        (labelled(), labelled(), None, None),
    ],
)
def test_agreement_beyond_chance(one: Labelled, other: Labelled, agreement: float | None, kappa: float | None) -> None:
    found = Agreement.of(one, other)
    assert (found.agreement, found.kappa) == (agreement, kappa)


def test_json_drops_nobody() -> None:
    document = Agreement.of(A, B).to_json()
    assert sum(document["labels"].values()) == document["both"] == 6
    assert document["labels"]["a_churned_b_left_out"] == 1
    assert document["a"]["customers"] == document["both"] + document["only_a"]


def test_kinds_that_disagree() -> None:
    other = labelled(c1=1, c2=0, c3=0, c4=1, c5=1, c6=-1, c9=0)
    third = labelled(c1=0, c2=-1, c3=-1, c4=-1, c5=-1, c6=-1, c9=-1)
    found = KindsAgreement.of("no_event", {"no_event": A, "not_active": other, "given": third})
    assert [(each.kind, each.side.not_known, each.differing) for each in found.kinds] == [
        ("no_event", 1, 0),
        ("not_active", 1, 2),
        ("given", 6, 1),
    ]
    assert found.disagreeing == 3  # customers 1, 2 and 4
