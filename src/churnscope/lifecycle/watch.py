"""From when on the data show who leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from churnscope.lifecycle.spells import Spells
from churnscope.lifecycle.stays import with_us
from churnscope.timeline import date_of

MOST_BY_CHANCE: Final = 5.0  # so many losses expected and none seen: by chance in fewer than one of a hundred cases


@dataclass(frozen=True)
class Watch:
    """From which day on losses are seen.

    Parameters
    ----------
    first_loss : the first day on which a customer is seen to become inactive; None where nobody is. Months before it say
        nothing of losses: nobody has been silent for long enough yet, or those who left then are not in the data.
    unseen : of the customers seen before it, how many would have become inactive by it at the rates by age since; where these
        are more than chance leaves out, those who left before are missing, and only who stayed is there to be seen.
    """

    first_loss: int | None
    unseen: float

    @classmethod
    def of(cls, spells: Spells) -> Watch:
        """What the spells tell."""
        stays = with_us(spells)
        if not stays.is_over.any():
            return cls(None, 0.0)
        first_loss = int(stays.left[stays.is_over].min())
        # At the day itself those who leave on it are still watched, so the age of the watch is that of the day before.
        waits = stays.waits(watched_from=first_loss - 1)
        hazard = np.cumsum(waits.happened / np.maximum(waits.at_risk, 1))
        before = stays.keep(stays.entered < first_loss)
        ages = np.minimum(first_loss - 1 - before.entered, len(hazard) - 1)
        return cls(first_loss, float((1 - np.exp(-hazard[ages])).sum()))

    @property
    def is_cut(self) -> bool:
        """Whether those who left before the first loss seem to be missing."""
        return self.unseen > MOST_BY_CHANCE

    @property
    def since(self) -> int | None:
        """The day from which on months tell of losses: the last one at whose beginning nobody was lost yet."""
        return None if self.first_loss is None else self.first_loss - 1

    @property
    def watched_from(self) -> int | None:
        """The day from which on stays count (left truncation), None where all of them do."""
        return self.since if self.is_cut else None

    @property
    def note(self) -> str | None:
        """What to say of it."""
        if not self.is_cut or self.first_loss is None:
            return None
        return (
            f"Nobody is seen to leave before {date_of(self.first_loss)}, where {self.unseen:,.0f} of the customers seen before "
            "it would have at the rates since: who left before seems not to be in the files. Rates and curves are those since "
            "that day."
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        first_loss = None if self.first_loss is None else date_of(self.first_loss).isoformat()
        return {"first_loss": first_loss, "unseen_losses": round(self.unseen, 1), "is_cut": self.is_cut}
