"""A family of one's own: ten lines beside the config."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from churnscope.errors import ConfigError
from churnscope.features import catalog, chosen
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


def package(folder: Path, offered: str, text: str = GIFTS) -> Path:
    """An installed distribution with one module that offers something under the entry point."""
    (folder / "gift_package.py").write_text(text)
    facts = folder / "gift_package-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: gift-package\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[churnscope.families]\npresents = {offered}\n")
    return folder


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Installs such a distribution for one test."""

    def install(*words: str) -> None:
        monkeypatch.syspath_prepend(package(tmp_path, *words))

    yield install
    sys.modules.pop("gift_package", None)


@pytest.mark.parametrize("offered", ["gift_package:gifts", "gift_package"])
def test_an_installed_package_offers_families_by_entry_point(offered: str, installed: Callable[..., None]) -> None:
    installed(offered)
    families = own_families([], ".")
    assert [family.name for family in families] == ["gifts"]
    assert source_hash(families) != source_hash([])
    assert "gifts" in [family.name for family in chosen([], families, history_days=100)]


@pytest.mark.parametrize(
    ("offered", "text", "message"),
    [
        ("gift_package:gift", GIFTS, 'entry point "presents" of gift-package cannot be loaded'),
        ("gift_package:numbers", "numbers = [1]\n", 'entry point "presents" of gift-package is no feature family'),
        ("gift_package", "x = 1\n", 'entry point "presents" of gift-package declares no feature family'),
        ("gift_package", "import nowhere_at_all\n", "cannot be loaded .*nowhere_at_all"),
    ],
)
def test_a_package_that_offers_no_family_is_named(
    offered: str, text: str, message: str, installed: Callable[..., None]
) -> None:
    installed(offered, text)
    with pytest.raises(ConfigError, match=message):
        own_families([], ".")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{value:.0f} gifts"', '{value!r} gifts"', "sentence holds more than plain numbers"),
        ('{value:.0f} gifts"', '{value.real} gifts"', "sentence holds more than plain numbers"),
        ('{value:.0f} gifts"', '{value:.0f gifts"', "sentence is no format text"),
        ("direction=FALLING", "direction=2", "direction is 2"),
        ("yield Feature", "Feature", 'family "gifts" yields nothing'),
        ("yield Feature", "yield 1 or Feature", 'family "gifts" yields a int'),
        ("gift_count_{window or 'ever'}", "gift_count", 'there is a feature "gift_count" already'),
        ("log.kept.total(free, window)", "log.kept.total(free, window)[0]", 'values of "gift_count_30" have another shape'),
    ],
)
def test_a_mistake_in_a_family_is_said_before_any_data_are_read(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GIFTS
    (tmp_path / "wrong_family.py").write_text(GIFTS.replace(old, new))
    families = own_families(["wrong_family"], str(tmp_path))
    with pytest.raises(ConfigError, match=message):
        catalog({"purchases": frozenset({"amount"})}, [30], families)


@pytest.mark.parametrize(
    ("module", "text", "message"),
    [
        ("no_such_module", None, 'there is no module "no_such_module"'),
        ("gifts.py", None, r'"gifts\.py" is a file\.\nWrite the module: "gifts"'),
        ("empty_family", "x = 1\n", 'the module "empty_family" declares no feature family'),
        ("broken_family", GIFTS + "def (:\n", 'the module "broken_family" cannot be loaded'),
        ("lonely_family", "import nowhere_at_all\n", 'the module "lonely_family" cannot be loaded .*nowhere_at_all'),
        ("taken_family", GIFTS.replace("def gifts", "def recency"), 'two feature families named "recency"'),
    ],
)
def test_modules_that_cannot_be_used_are_refused(tmp_path: Path, module: str, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / f"{module}.py").write_text(text)
    with pytest.raises(ConfigError, match=message):
        own_families([module], str(tmp_path))
