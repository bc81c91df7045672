"""Businesses whose truth is known: for tests, benchmarks, and trying things out without anyone's data."""

from churnscope.simulation.business import PRESETS, Business, preset
from churnscope.simulation.simulate import Simulated, simulate, simulate_tables

__all__ = ["PRESETS", "Business", "Simulated", "preset", "simulate", "simulate_tables"]
