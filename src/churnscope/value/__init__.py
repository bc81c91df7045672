"""What customers will buy and spend: repeat-purchase models and the spend model, fitted by maximum likelihood."""

from __future__ import annotations

from churnscope.value.beta_geometric import BGNBD, MBGNBD
from churnscope.value.fitting import FitReport
from churnscope.value.gamma_gamma import GammaGamma, SpendRows
from churnscope.value.nbd import NBD
from churnscope.value.pareto_nbd import ParetoNBD
from churnscope.value.repeat_purchase import RepeatPurchaseModel
from churnscope.value.repeat_rows import RepeatRows
from churnscope.value.saved import REPEAT_PURCHASE_MODELS, model_from_json

__all__ = [
    "BGNBD",
    "MBGNBD",
    "NBD",
    "REPEAT_PURCHASE_MODELS",
    "FitReport",
    "GammaGamma",
    "ParetoNBD",
    "RepeatPurchaseModel",
    "RepeatRows",
    "SpendRows",
    "model_from_json",
]
