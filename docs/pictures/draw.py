"""The pictures of the README, drawn anew from the example config: `make pictures`."""

from __future__ import annotations

import os
from pathlib import Path

from churnscope import Project
from churnscope.reports.charts import calibration_chart

HERE = Path(__file__).parent
CONFIG = HERE.parents[1] / "configs" / "online_retail.toml"
CHARTS = {"calibration.svg": calibration_chart}


def main() -> None:
    """Train the example and draw how its model did on the test cutoff; the same code and data give the same bytes."""
    os.environ.setdefault("CHURNSCOPE__TRACKING__ENABLED", "false")
    evaluation = Project(CONFIG).train(promote=False).evaluation
    for name, chart in CHARTS.items():
        (HERE / name).write_bytes(chart(evaluation))
        print(f"docs/pictures/{name}")


if __name__ == "__main__":
    main()
