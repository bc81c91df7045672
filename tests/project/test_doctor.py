"""`doctor` finds what would stop a run, and says so with the exit code of that run."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from churnscope.config.load import load_config
from churnscope.errors import ChurnscopeError
from churnscope.project.data import doctor as doctor_module
from churnscope.project.data.doctor import Finding, doctor
from churnscope.project.money.outcomes import STORE_FILE, store_of
from churnscope.project.session import Folders

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shop


def found(config: Path | None) -> dict[str, Finding]:
    return {finding.what: finding for finding in doctor(config).findings}


def config_of(shop: Shop, *, change: tuple[str, str] = ("", "")) -> Path:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(path.read_text().replace(*change) if change[0] else path.read_text())
    return path


def test_this_machine_is_fit() -> None:
    result = doctor(None)
    assert result.exit_code == 0
    assert {finding.state for finding in result.findings} <= {"ok", "look"}
    assert json.loads(json.dumps(result.to_json()))["exit_code"] == 0


def test_a_project_in_order(shop: Shop) -> None:
    findings = found(config_of(shop))
    assert {what: finding.state for what, finding in findings.items() if finding.state != "ok"} == {}
    assert "intact, learned from outcomes before" in findings["champion"].said
    assert findings["source sales"].said.startswith("1 file, ")
    assert findings["tracking"].said == "off"


def test_a_file_that_is_missing(shop: Shop) -> None:
    path = config_of(shop)
    (shop.folder / "sales.csv").unlink()
    assert found(path)["source sales"].state == "wrong"
    assert doctor(path).exit_code == 3


def test_a_config_that_cannot_be_read(shop: Shop) -> None:
    path = config_of(shop, change=("horizon_days", "horizon_day"))
    assert "horizon_days" in found(path)["config"].said
    assert doctor(path).exit_code == 2


def test_no_model_is_no_fault_but_a_damaged_one_is(shop: Shop) -> None:
    path, models = config_of(shop), shop.folder.parent / "models"
    for file in models.rglob("calibration.json"):
        file.write_text(file.read_text() + "\n")
    assert (found(path)["champion"].state, doctor(path).exit_code) == ("wrong", 9)
    next(models.rglob("champion.json")).unlink()
    assert (found(path)["champion"].state, doctor(path).exit_code) == ("look", 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written(shop: Shop) -> None:
    path = config_of(shop)
    shop.folder.parent.chmod(0o500)
    try:
        assert found(path)["folder outputs"].state == "wrong"
    finally:
        shop.folder.parent.chmod(0o700)


@pytest.mark.slow
def test_a_store_that_does_not_answer_only_costs_a_look(shop: Shop) -> None:
    off = "enabled = false"
    path = config_of(shop, change=(off, 'uri = "http://127.0.0.1:9"'))
    finding = found(path)["tracking"]
    assert finding.state == "look"
    assert "churnscope sync" in finding.advice
    path = config_of(shop, change=(off, 'uri = "http://127.0.0.1:9"\nrequired = true'))
    assert doctor(path).exit_code == 8


def test_lightgbm_without_openmp(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ChurnscopeError("LightGBM cannot be loaded: a library of the system is missing.", "Install libgomp1.")

    monkeypatch.setattr(doctor_module, "lightgbm_library", fails)
    assert found(None)["LightGBM"].advice == "Install libgomp1."
    assert doctor(None).exit_code == 1


def test_a_library_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module, "_version", lambda name: "0.1" if name == "scipy" else "999")
    findings = found(None)
    assert findings["scipy"].state == "wrong"
    assert "pip install" in findings["scipy"].advice


def test_the_store_of_outcomes(shop: Shop) -> None:
    path = config_of(shop)
    assert found(path)["outcomes"].said.endswith("none yet; the first call list makes it")
    config = load_config(path)
    with store_of(config) as store:
        place = Folders.of(config).outputs / STORE_FILE
    assert found(path)["outcomes"].said == f"{store.place}: answers, holds 0 lists"
    place.write_bytes(b"no database at all, " * 100)
    assert (found(path)["outcomes"].state, found(path)["outcomes"].exit_code) == ("wrong", 6)
