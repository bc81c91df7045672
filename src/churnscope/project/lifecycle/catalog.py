"""The parts of the life cycle's summary, in the order in which they are read."""

from __future__ import annotations

from typing import Final

from churnscope.config.models import Config
from churnscope.project.lifecycle.comparison_parts import COMPARISON_PARTS
from churnscope.project.lifecycle.erosion_parts import EROSION, OUTLOOK, RETENTION
from churnscope.project.lifecycle.parts import LifecyclePart
from churnscope.project.lifecycle.plan_part import PLAN
from churnscope.project.lifecycle.stage_parts import SECOND_PURCHASE, STAGES_PART, TIME_IN_STAGE, TRANSITIONS

PARTS: Final[tuple[LifecyclePart, ...]] = (
    STAGES_PART,
    TRANSITIONS,
    TIME_IN_STAGE,
    SECOND_PURCHASE,
    EROSION,
    RETENTION,
    OUTLOOK,
    PLAN,
    *COMPARISON_PARTS,
)


def parts_of(config: Config) -> tuple[LifecyclePart, ...]:
    """Those that a config lets be asked."""
    return tuple(part for part in PARTS if part.applies(config))
