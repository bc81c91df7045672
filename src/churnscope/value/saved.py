"""Saved repeat-purchase models, by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnscope.errors import ModelError, nearest
from churnscope.value.beta_geometric import BGNBD, MBGNBD
from churnscope.value.nbd import NBD
from churnscope.value.pareto_nbd import ParetoNBD
from churnscope.value.repeat_purchase import RepeatPurchaseModel

REPEAT_PURCHASE_MODELS: Mapping[str, type[RepeatPurchaseModel]] = {
    model.kind: model for model in (BGNBD, MBGNBD, NBD, ParetoNBD)
}


def model_from_json(saved: Mapping[str, Any]) -> RepeatPurchaseModel:
    """The repeat-purchase model, of whichever kind, that `to_json` wrote.

    Raises
    ------
    ModelError : when the kind is unknown, or a parameter is missing or impossible.
    """
    kind = str(saved.get("kind"))
    if kind not in REPEAT_PURCHASE_MODELS:
        raise ModelError(f'The saved purchase model is of the unknown kind "{kind}".', nearest(kind, REPEAT_PURCHASE_MODELS))
    try:
        return REPEAT_PURCHASE_MODELS[kind].from_json(saved)
    except (KeyError, TypeError, ValueError) as damage:
        raise ModelError(f"The saved {kind} model is damaged.", "Train again, or restore the model folder.") from damage
