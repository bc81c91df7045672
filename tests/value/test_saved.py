"""Saved models come back equal; damaged ones are refused."""

import json

import pytest

from churnscope.errors import ModelError
from churnscope.value import REPEAT_PURCHASE_MODELS, FitReport, model_from_json

REPORT = FitReport(87, -123.4, {"r": 0.1, "alpha": None}, converged=True, note="The histories hardly tell alpha.")


@pytest.mark.parametrize("kind", REPEAT_PURCHASE_MODELS)
def test_model_survives_json(kind):
    model_class = REPEAT_PURCHASE_MODELS[kind]
    model = model_class((0.2, 4.4, 0.8, 2.4)[: len(model_class.names)], days_per_unit=30, report=REPORT)
    assert model_from_json(json.loads(json.dumps(model.to_json()))) == model


def test_published_parameters_survive_json():
    model = REPEAT_PURCHASE_MODELS["bg_nbd"]((0.243, 4.414, 0.793, 2.426))
    assert model_from_json(model.to_json()) == model


def test_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match='Did you mean "bg_nbd"'):
        model_from_json({"kind": "bgnbd"})


@pytest.mark.parametrize("damage", [{"parameters": {"r": 0.2}}, {"parameters": None}, {"days_per_unit": -7}])
def test_damaged_model_is_refused(damage):
    saved = REPEAT_PURCHASE_MODELS["bg_nbd"]((0.243, 4.414, 0.793, 2.426)).to_json()
    with pytest.raises(ModelError, match="bg_nbd model is damaged"):
        model_from_json({**saved, **damage})
