"""What holds for every test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Tests that load LightGBM before the package does would have its waiting threads spin, which is far slower on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Profiles of the properties (`make properties`); by default each test says itself how much it tries.
settings.register_profile("ci", max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("nightly", max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))

# A run started in the background, or under nohup, inherits that these are ignored.
USUAL = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> Iterator[None]:
    """Tests of interrupts need the signals heard, here and in the processes they start."""
    ignored = [number for number in USUAL if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, USUAL[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
