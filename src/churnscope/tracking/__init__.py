"""Runs in MLflow: a store of files by default, a server when asked for."""

from __future__ import annotations

from churnscope.tracking.run import LoggedRun, SavedModel, flat_metrics
from churnscope.tracking.tracker import Tracked, Tracker

__all__ = ["LoggedRun", "SavedModel", "Tracked", "Tracker", "flat_metrics"]
