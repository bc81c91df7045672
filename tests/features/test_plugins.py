"""A family of one's own: ten lines beside the config."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnscope.errors import ConfigError
from churnscope.features import catalog
from churnscope.features.plugins import own_families, source_hash

GIFTS = '''
from churnscope.features import FALLING, Feature, family


@family("purchases", needs=("amount",))
def gifts(log):
    """Purchases that cost nothing."""
    free = log.kept.derive("free", lambda rows: rows.signals["amount"] == 0)
    for window in log.windows:
        yield Feature(
            name=f"gift_count_{window or 'ever'}", unit="lines", window=window, concept="gifts",
            sentence="{value:.0f} gifts", direction=FALLING, values=log.kept.total(free, window),
        )
'''


def test_a_module_beside_the_config_adds_its_families(tmp_path: Path) -> None:
    (tmp_path / "gift_family.py").write_text(GIFTS)
    families = own_families(["gift_family"], str(tmp_path))
    names = [spec.name for spec in catalog({"purchases": frozenset({"amount"})}, [30], families)]
    assert names == ["gift_count_30", "gift_count_ever"]


def test_a_change_of_the_source_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "first_family.py").write_text(GIFTS)
    (tmp_path / "second_family.py").write_text(GIFTS.replace("== 0", "<= 0"))
    first, second = (source_hash(own_families([name], str(tmp_path))) for name in ("first_family", "second_family"))
    assert first == source_hash(own_families(["first_family"], str(tmp_path)))
    assert first != second


@pytest.mark.parametrize(
    ("module", "text", "message"),
    [
        ("no_such_module", None, 'there is no module "no_such_module"'),
        ("empty_family", "x = 1\n", 'the module "empty_family" declares no feature family'),
        ("taken_family", GIFTS.replace("def gifts", "def recency"), 'two feature families named "recency"'),
    ],
)
def test_modules_that_cannot_be_used_are_refused(tmp_path: Path, module: str, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / f"{module}.py").write_text(text)
    with pytest.raises(ConfigError, match=message):
        own_families([module], str(tmp_path))
