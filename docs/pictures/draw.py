"""The pictures of README and documentation, drawn anew from the data in the repository: `make pictures`.

The commands run in a folder of their own that looks like a fresh clone, so that no picture shows a path of this machine. The
page is photographed where Chromium is installed; elsewhere its picture stays as it is.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from churnscope import Project
from churnscope.reports.charts import calibration_chart

HERE = Path(__file__).parent
TOP = HERE.parents[1]
WIDTH = 96  # letters of a terminal
CONFIG = "configs/online_retail.toml"
TERMINALS = {  # picture: what is typed, and how many lines of the answer are shown
    "init.svg": ("churnscope init data/online_retail/*.csv.gz -o shop.toml --yes", 46),
    "check.svg": (f"churnscope check {CONFIG}", 24),
    "train.svg": (f"churnscope train {CONFIG}", 52),
    "advise.svg": (f"churnscope advise {CONFIG}", 28),
    "score.svg": (f"churnscope score {CONFIG}", 14),
}
BROWSER = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGE, NOTEBOOK = (1200, 2100), (1000, 1500)  # pixels of the photographs
NOTEBOOK_STYLE = "body { font-family: sans-serif; margin: 2em } pre { background: #f4f4f4; padding: 0.6em }"


def main() -> None:
    """Draw all pictures; the same code and data give the same bytes, photographs apart."""
    with fresh_folder() as folder:
        for name, (command, lines) in TERMINALS.items():
            save(name, terminal(command, lines, folder).encode())
        project = Project(folder / CONFIG)
        save("windows.svg", project.advise().picture.read_bytes())
        save("calibration.svg", calibration_chart(project.evaluate(model="latest", backtest=False).evaluation))
        photograph(project.report(model="latest", customers=False).page, "report.png", PAGE)
        photograph(notebook(project, folder), "notebook.png", NOTEBOOK)


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder with the configs and data of a clone, and nothing that a run has left; it becomes the present one."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "churnscope")
        shutil.copytree(TOP / "configs", folder / "configs")
        (folder / "data").symlink_to(TOP / "data")
        os.chdir(folder)
        os.environ.update(CHURNSCOPE__TRACKING__ENABLED="false", COLUMNS=str(WIDTH), NO_COLOR="1")
        try:
            yield folder
        finally:
            os.chdir(before)


def terminal(command: str, lines: int, folder: Path) -> str:
    """A command and the beginning of its answer as a terminal shows them."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", f"{command} --quiet"],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PATH": path},
    )
    answer = ended.stdout.rstrip().split("\n")
    shown = [*answer[:lines], *(["..."] if len(answer) > lines else [])]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text("\n".join(shown)))
    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)  # no font from a network
    return console.export_svg(title="churnscope", code_format=plain)


def notebook(project: Project, folder: Path) -> Path:
    """A page with results as a notebook draws them, each below what was typed."""
    typed = {"project.check()": project.check(), "project.evaluate()": project.evaluate(model="latest", backtest=False)}
    cells = "".join(f"<pre>{escape(line)}</pre>{result._repr_html_()}" for line, result in typed.items())
    page = folder / "notebook.html"
    page.write_text(f'<meta charset="utf-8"><style>{NOTEBOOK_STYLE}</style>{cells}', encoding="utf-8")
    return page


def photograph(page: Path, name: str, pixels: tuple[int, int]) -> None:
    """The top of a page as a browser shows it."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print(f"No Chromium here: {name} stays as it is.")
        return
    with tempfile.TemporaryDirectory() as profile:
        size, target = f"--window-size={pixels[0]},{pixels[1]}", f"--screenshot={HERE / name}"
        words = [browser, *BROWSER, f"--user-data-dir={profile}", size, target, page.as_uri()]
        subprocess.run(words, check=True, capture_output=True)
    print(f"docs/pictures/{name}")


def save(name: str, content: bytes) -> None:
    """Write a picture."""
    (HERE / name).write_bytes(content)
    print(f"docs/pictures/{name}")


if __name__ == "__main__":
    main()
