"""Warming up leaves nothing to compile."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import churnscope
from churnscope.project.warmup import warmup

from .conftest import Shop

ROOT = Path(churnscope.__file__).parent


def kernels() -> dict[str, object]:
    """Every function under `@kernel`, by where it stands."""
    found = {}
    for path in ROOT.rglob("*.py"):
        names = re.findall(r"^@kernel\ndef (\w+)", path.read_text(), re.MULTILINE)
        module = ".".join(["churnscope", *path.relative_to(ROOT).with_suffix("").parts])
        found |= {f"{module}.{name}": getattr(importlib.import_module(module), name) for name in names}
    return found


def test_every_kernel_is_compiled_by_warming_up() -> None:
    warmup()
    called_by_others = {
        *("_record", "_after_line_end", "_ends_line"),
        *("_turns", "_explain_leaves", "_taken", "_explain_leaf"),
        *("_rising", "_turned"),
    }
    assert len(kernels()) > 20
    assert [
        name for name, function in kernels().items() if not function.signatures and name.split(".")[-1] not in called_by_others
    ] == []


@pytest.mark.slow
def test_a_scoring_run_after_it_compiles_nothing(shop: Shop) -> None:
    """For the types with which the kernels are called, not only for some."""
    warmup()
    before = {name: list(function.signatures) for name, function in kernels().items()}
    shop.project().score()
    assert {name: list(function.signatures) for name, function in kernels().items()} == before
