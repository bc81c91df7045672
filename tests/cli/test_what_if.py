"""What `churnscope what-if` asks and says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from churnscope.cli import what_if
from churnscope.cli.rendering import print_parts
from churnscope.decisions.what_if import Outlook
from churnscope.errors import ConfigError
from churnscope.project.money.what_ifs import WhatIfFigures, WhatIfResult


def outlook(varied, budget, minutes, gain, *, cost=1.0, accept=1.0) -> Outlook:
    return Outlook(varied, budget, minutes, cost, accept, 40, 498.0, 199.0, gain, gain, 17.4, 2_908.6)


FOUND = (
    outlook("budget", 500.0, 200.0, 32_923.4),
    outlook("minutes", 500.0, 200.0, 32_923.4),
    outlook("minutes", 500.0, 400.0, 40_000.0),
    outlook("terms", 500.0, 200.0, 16_000.0, accept=0.5),
    outlook("terms", 500.0, 200.0, 32_923.4),
)
RESULT = WhatIfResult(
    "shop",
    15_317,
    "r",
    WhatIfFigures("spring", 3_539, 200.0, 500.0, FOUND),
    (Path("out/what_if.csv"), Path("out/what_if.svg"), Path("out/figures.json")),
    Path("out/manifest.json"),
    was_done=False,
)


def test_it_says_what_each_would_bring() -> None:
    stream = io.StringIO()
    print_parts(what_if.describe(RESULT), stream)
    text = " ".join(stream.getvalue().split())
    for line in (
        "Tried. shop, campaign spring, as of 2011-12-09, run r.",
        "500 * 40 498 199 32,923 17.40",
        "400 40 498 199 40,000 2,908.60",
        "x0.5 x1 x1 16,000 32,923",
        "Written: out/what_if.svg",
    ):
        assert line in text


def test_numbers_stand_between_commas() -> None:
    assert what_if.numbers("", "--budget") == ()
    assert what_if.numbers("0, 250,500", "--budget") == (0, 250, 500)
    with pytest.raises(ConfigError, match=r"--acceptance: x0.5;1 is no list of numbers"):
        what_if.numbers("x0.5;1", "--acceptance")
