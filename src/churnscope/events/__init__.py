"""Sorted events of a range of customers, and what they show at every cutoff."""

from churnscope.events.block import Block, Events, Signal
from churnscope.events.grid import EVER, Grid, Window
from churnscope.events.observed import Observed, ratio

__all__ = ["EVER", "Block", "Events", "Grid", "Observed", "Signal", "Window", "ratio"]
