"""What active usually means in four kinds of business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Like = Literal["shop", "streaming", "bank", "app"]


@dataclass(frozen=True)
class Preset:
    """The usual meaning of active.

    Parameters
    ----------
    name : the kind of business.
    roles : whose rows count as activity, the first that there are; several together where `all_roles`.
    does, not_doing : what an active customer does, and a churned one does not, as words.
    active_days, horizon_days : the activity window and the outcome window.
    windows_days : what features look back over.
    leaning : role -> how much it is expected of files that could have several.
    """

    name: Like
    roles: tuple[str, ...]
    does: str
    not_doing: str
    active_days: int
    horizon_days: int
    windows_days: tuple[int, ...]
    all_roles: bool = False
    leaning: Mapping[str, int] = field(default_factory=dict)


PRESETS: dict[Like, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "shop", ("purchases", "engagement"), "bought", "buys nothing", 30, 90, (30, 90, 180, 365), leaning={"purchases": 4}
        ),
        Preset(
            "streaming",
            ("subscriptions", "engagement", "purchases"),
            *("used the service", "does not use it", 30, 30, (7, 30, 90, 180)),
            leaning={"engagement": 2, "subscriptions": 3},
        ),
        Preset(
            "bank",
            ("purchases", "engagement", "contacts", "support"),
            *("had any contact or transaction", "has none", 90, 90, (30, 90, 180, 365)),
            all_roles=True,
        ),
        Preset(
            "app", ("engagement", "purchases"), "had a session", "has none", 30, 30, (7, 14, 30, 90), leaning={"engagement": 4}
        ),
    )
}


def likely(roles: Sequence[str]) -> tuple[Like, str]:
    """The kind of business that has files of these roles, and why it is thought so."""
    if "subscriptions" in roles:
        return "streaming", "there are terms of contracts"
    if "purchases" in roles:
        return "shop", "there are purchases"
    return "app", "there is engagement and nothing is bought"
