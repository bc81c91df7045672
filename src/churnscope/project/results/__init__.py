"""What each step answers: plain facts, ready for a program (`to_json`), for the command line to draw, or for a notebook."""

from churnscope.project.results.data import AuditResult, CatalogResult, CheckResult, FeaturesResult
from churnscope.project.results.models import (
    EvaluateResult,
    LabelSaid,
    ReportResult,
    ScoreResult,
    StandIn,
    SyncResult,
    Tracking,
    TrainResult,
    fold_json,
    split_dates,
)
from churnscope.project.results.summarised import Summarised, WithRows, WrittenRows, iso, near

__all__ = [
    "AuditResult",
    "CatalogResult",
    "CheckResult",
    "EvaluateResult",
    "FeaturesResult",
    "LabelSaid",
    "ReportResult",
    "ScoreResult",
    "StandIn",
    "Summarised",
    "SyncResult",
    "Tracking",
    "TrainResult",
    "WithRows",
    "WrittenRows",
    "fold_json",
    "iso",
    "near",
    "split_dates",
]
