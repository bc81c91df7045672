"""The day that a command runs as of, however it is written."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from churnscope.errors import ConfigError
from churnscope.project.days import as_of_day
from churnscope.timeline import day_number

if TYPE_CHECKING:
    from .conftest import Shop


@pytest.mark.parametrize(
    "written",
    [
        "2024-02-28",
        date(2024, 2, 28),
        datetime(2024, 2, 28, 13, 30),
        pd.Timestamp("2024-02-28", tz="Europe/Berlin"),
        np.datetime64("2024-02-28T23:59:59.999", "ns"),
    ],
)
def test_a_day_in_any_library_is_the_same_day(shop: Shop, written: str | date | np.datetime64) -> None:
    assert as_of_day(written, shop.project().config) == day_number(date(2024, 2, 28))


@pytest.mark.parametrize("written", ["28.2.2024", pd.NaT, np.datetime64("NaT"), 2.5])
def test_what_is_no_day(shop: Shop, written: str) -> None:
    with pytest.raises(ConfigError, match=r"is not a day\.\nWrite it as 2024-02-28"):
        as_of_day(written, shop.project().config)


def test_one_cutoff_needs_no_list(shop: Shop) -> None:
    project = shop.project()
    newest = project.snapshots().to_pandas()["cutoff"].max()
    one = project.snapshots(cutoffs=newest).to_arrow()
    assert one.num_rows > 0
    assert one.equals(project.snapshots(cutoffs=[f"{newest:%Y-%m-%d}"]).to_arrow())
    assert repr(project).startswith("Project ")
