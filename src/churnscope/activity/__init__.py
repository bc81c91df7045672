"""The activity definition: who is active, who left. One definition, answered by the primitives the features use."""

from churnscope.activity.days import DailyActivity
from churnscope.activity.definition import Activity, Flags
from churnscope.activity.labels import CENSORED, LEFT_OUT, churned

__all__ = ["CENSORED", "LEFT_OUT", "Activity", "DailyActivity", "Flags", "churned"]
