"""The gate a model passes before `score` uses it."""

from __future__ import annotations

from dataclasses import dataclass

from churnscope.evaluation.grade import Grade


@dataclass(frozen=True)
class Promotion:
    """Whether a model may become the champion, and why."""

    granted: bool
    reason: str


def may_become_champion(verdict: Grade, present: str | None, *, small_allowed: bool) -> Promotion:
    """Whether a newly trained model may serve.

    It has to order customers better than every rule it was held against; on too little data only where the config allows it.

    Parameters
    ----------
    present : version of the present champion, None where there is none.
    """
    if verdict.verdict == "too little data":
        allowed = ", allowed by" if small_allowed else "; to use it all the same, set"
        return Promotion(small_allowed, f"too little data to tell{allowed} [model] allow_small = true")
    if verdict.verdict == "no better":
        return Promotion(granted=False, reason=verdict.text)
    return Promotion(granted=True, reason="first champion" if present is None else f"in place of {present}")
