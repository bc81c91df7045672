"""The parts of the life cycle's summary, by the questions of a manager that they answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from churnscope.config.models import Config
from churnscope.project.lifecycle.comparison_parts import COMPARISON_PARTS
from churnscope.project.lifecycle.erosion_parts import EROSION, OUTLOOK, RETENTION
from churnscope.project.lifecycle.parts import LifecyclePart
from churnscope.project.lifecycle.plan_part import PLAN
from churnscope.project.lifecycle.stage_parts import SECOND_PURCHASE, STAGES_PART, TIME_IN_STAGE, TRANSITIONS
from churnscope.reports.page import Section, Table

QUESTIONS: Final[tuple[tuple[str, tuple[LifecyclePart, ...]], ...]] = (
    ("How many active customers do we have?", (STAGES_PART,)),
    ("Who moves where?", (TRANSITIONS, TIME_IN_STAGE, SECOND_PURCHASE)),
    ("How fast do we erode?", (EROSION, RETENTION)),
    ("What comes, and what must we spend to stand still?", (OUTLOOK,)),
    ("What sets those apart who fell silent, and what do we do about it?", (*COMPARISON_PARTS, PLAN)),
)
UNPLANNED: Final = (
    "No [plan] is declared: with one, what is done for the customers of each stage stands here. Steps to win customers back: "
    "[win_back]."
)
PARTS: Final = tuple(part for _, parts in QUESTIONS for part in parts)


def parts_of(config: Config) -> tuple[LifecyclePart, ...]:
    """Those that a config lets be asked."""
    return tuple(part for part in PARTS if part.applies(config))


def sections_of(figures: Mapping[str, Mapping[str, Any] | None]) -> tuple[Section, ...]:
    """What people read of every part that has something to say."""
    told = ((part, figures.get(part.name)) for part in PARTS)
    return tuple(section for part, found in told if found is not None for section in part.sections(found))


def brief_of(figures: Mapping[str, Mapping[str, Any] | None]) -> tuple[tuple[str, tuple[str | Table, ...]], ...]:
    """The questions, and the answers of the parts that have something to say."""
    answers = []
    for question, parts in QUESTIONS:
        told = ((part, figures.get(part.name)) for part in parts)
        answer = [each for part, found in told if found is not None for each in part.brief(found)]
        answers.append((question, (*answer, *((UNPLANNED,) if PLAN in parts and figures.get(PLAN.name) is None else ()))))
    return tuple((question, answer) for question, answer in answers if answer)
