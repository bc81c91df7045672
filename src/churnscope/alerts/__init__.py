"""When somebody is to be told at once: causes found in rows, stages and scores, and what becomes of an alert."""

from churnscope.alerts.causes import STILL, Cause, Found, alert_id
from churnscope.alerts.states import Alert, Change, Limits, Window, changed

__all__ = ["STILL", "Alert", "Cause", "Change", "Found", "Limits", "Window", "alert_id", "changed"]
