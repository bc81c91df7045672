"""The disk faults, for the tests of this folder."""

import importlib.util
from pathlib import Path

import pytest

_HARNESS = Path(__file__).with_name("faults.py")


@pytest.fixture(scope="session")
def faults():
    specification = importlib.util.spec_from_file_location("faults", _HARNESS)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
