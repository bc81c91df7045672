"""Whom an offer changes: learned on randomised campaigns, judged against customers who got no offer."""

from __future__ import annotations

from churnscope.uplift.crossing import CrossFitted, cross_fitted
from churnscope.uplift.curves import CONVENTION, UpliftFigures, auuc, gain_curve, qini, qini_curve, uplift_figures
from churnscope.uplift.experiment import ArmRate, Experiment, arm_rates
from churnscope.uplift.learners import KINDS, Effects, Learners, uplift_settings
from churnscope.uplift.policies import NO_OFFER, PolicyValue, best_offer, net_gain, policy_values, riskiest
from churnscope.uplift.randomised import assignment_auroc, refuse_predictable, refuse_small

__all__ = [
    "CONVENTION",
    "KINDS",
    "NO_OFFER",
    "ArmRate",
    "CrossFitted",
    "Effects",
    "Experiment",
    "Learners",
    "PolicyValue",
    "UpliftFigures",
    "arm_rates",
    "assignment_auroc",
    "auuc",
    "best_offer",
    "cross_fitted",
    "gain_curve",
    "net_gain",
    "policy_values",
    "qini",
    "qini_curve",
    "refuse_predictable",
    "refuse_small",
    "riskiest",
    "uplift_figures",
    "uplift_settings",
]
