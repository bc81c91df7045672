"""The types of customers in scores and as segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from churnscope.errors import ModelError
from churnscope.features.feature import FeatureSpec
from churnscope.lifecycle.spells import WITH_US
from churnscope.project import Project
from churnscope.project.models.judging import segmentations_of

if TYPE_CHECKING:
    from .conftest import Shop


def test_scores_hold_a_column_for_every_type_the_sources_tell(shop: Shop) -> None:
    table = shop.project().score(all_customers=True).to_arrow()
    kinds = [name for name in table.column_names if name.startswith("is_")]
    assert kinds == ["is_recent_purchaser", "is_loyal"]
    assert all(table[name].null_count == 0 for name in kinds)
    rows = table.to_pylist()
    assert {row["is_recent_purchaser"] for row in rows if row["risk_band"] == "cannot_tell"} == {False}
    assert {row["is_recent_purchaser"] for row in rows if row["churn_probability"] is not None} == {True, False}
    assert not any(row["is_loyal"] for row in rows if row["risk_band"] == "no_history")


def test_a_flag_divides_customers_into_yes_and_no(shop: Shop) -> None:
    config = shop.project().config
    config = config.model_copy(update={"evaluation": config.evaluation.model_copy(update={"segments": ("is_loyal",)})})
    words = {"unit": "1 or 0", "concept": "customer type", "sentence": "a loyal customer", "at_zero": "not a loyal customer"}
    spec = FeatureSpec(name="is_loyal", **words)
    for values in ([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]):
        (loyal,) = segmentations_of(config, (spec,), np.array([values], np.float32).T)
        assert [f"{loyal.by}: {loyal.names[place]}" for place in loyal.member] == [
            f"is_loyal: {'yes' if value else 'no'}" for value in values
        ]


def test_a_model_keeps_to_the_numbers_it_was_trained_with(shop: Shop) -> None:
    config = shop.project().config
    other = config.model_copy(update={"stages": config.stages.model_copy(update={"loyal_days": 90})})
    with pytest.raises(ModelError, match=r"The stages of the features changed since model .* was trained"):
        Project(other).score()


def test_numbers_that_only_stages_are_told_by_change_no_model(shop: Shop) -> None:
    config = shop.project().config
    other = config.model_copy(update={"stages": config.stages.model_copy(update={"reactivated_days": 30})})
    assert Project(other).score().counts["active"]


@pytest.mark.slow
def test_scores_tell_the_stage_since_when_and_the_one_before_it(shop: Shop) -> None:
    project = shop.project()
    rows = project.score(all_customers=True).to_arrow().to_pylist()
    lived = {row["customer_id"]: row for row in project.lifecycle().to_arrow().to_pylist()}
    for row in rows:
        told = lived[row["customer_id"]]
        assert (row["stage"], row["stage_since"], row["previous_stage"]) == (
            told["stage"],
            told["entered"],
            told["previous_stage"],
        )
        assert (row["churn_probability"] is not None) == (row["stage"] in WITH_US)
