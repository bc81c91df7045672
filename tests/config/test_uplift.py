"""What [uplift] asks has to be told by a source."""

from __future__ import annotations

from typing import Any

import pytest

from churnscope.config.campaigns import arm_sources
from churnscope.config.load import load_config
from churnscope.errors import ConfigError


def business(uplift: dict[str, Any], **columns: str) -> dict[str, Any]:
    told = {"customer": "id", "time": "day", "arm": "variant", **columns}
    return {
        "name": "shop",
        "sources": {
            "orders": {"role": "purchases", "format": "csv", "files": "o.csv", "columns": {"customer": "id", "time": "day"}},
            "offers": {"role": "campaigns", "format": "csv", "files": "c.csv", "columns": told},
        },
        "activity": {"rules": [{"source": "orders", "days": 30}]},
        "prediction": {"horizon_days": 30},
        "uplift": uplift,
    }


def test_the_source_of_arms_is_found_by_its_column() -> None:
    config = load_config(business({"source": "offers", "costs": {"call": 2.0}}), {})
    assert arm_sources(config) == ["offers"]
    assert config.uplift.costs == {"call": 2.0}


@pytest.mark.parametrize(
    ("uplift", "said"),
    [
        ({"source": "ofers"}, r"\[uplift\] source: 'ofers' tells no arms.\n.*offers"),
        ({"source": "orders"}, r"\[uplift\] source: 'orders' tells no arms"),
        ({"campaign": "spring"}, r"\[uplift\] campaign: no source of arms has a column campaign"),
        ({"outcome": "outcome"}, r"\[uplift\] outcome: no source of arms has a column outcome"),
        ({"value": 0.0}, "uplift"),
        ({"costs": {"call": -1.0}}, "uplift"),
        ({"learner": "r"}, "uplift"),
    ],
)
def test_what_no_source_tells_is_refused(uplift: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(business(uplift), {})


def test_lines_are_numbered_within_one_file() -> None:
    asked = business({})
    asked["sources"]["offers"] |= {"row_number": "line", "files": ["c.csv", "d.csv"]}
    with pytest.raises(ConfigError, match="row_number: lines are numbered within one file"):
        load_config(asked, {})
