"""The script of a whole night in docs/how_to/schedule.md does what is said of it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from churnscope.cli.app import app

SCRIPT = re.search(r"```sh\n(.*?)```", (Path(__file__).parents[1] / "docs" / "how_to" / "schedule.md").read_text(), re.DOTALL)[
    1
]
NIGHT = ["outcomes add", "score", "call-list", "score", "win-back next", "alerts run"]


def night(folder: Path, *, weekday: int = 2, codes: dict[str, int] | None = None) -> tuple[int, list[str]]:
    """The exit code of a night in which steps end with these codes, and the steps that were begun."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    (folder / "returned").mkdir(exist_ok=True)
    (folder / "returned" / "monday list.xlsx").touch()
    cases = "".join(f'  "{step} "*) exit {code} ;;\n' for step, code in (codes or {}).items())
    scripts = {
        "churnscope": f'echo "$*" >>"{folder}/asked"\ncase "$*" in\n{cases}  *) ;;\nesac\n',
        "date": f"echo {weekday}\n",
    }
    for name, text in scripts.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{text}")
        (bin_ / name).chmod(0o755)
    text = SCRIPT.replace("/srv/shop/.venv/bin", str(bin_)).replace("/srv/shop", str(folder))
    (folder / "asked").write_text("")
    ended = subprocess.run(["/bin/sh", "-c", text], check=False, capture_output=True, env=dict(os.environ))
    return ended.returncode, (folder / "asked").read_text().splitlines()


def steps(asked: list[str]) -> list[str]:
    return [line.split(" my_shop.toml")[0] for line in asked]


def test_a_night_runs_every_step_in_its_order(tmp_path: Path) -> None:
    code, asked = night(tmp_path)
    assert (code, steps(asked)) == (0, NIGHT)
    assert asked[0].split("my_shop.toml ")[1].startswith("returned/monday list.xlsx ")
    code, asked = night(tmp_path, weekday=1)
    assert (code, steps(asked)) == (0, [NIGHT[0], "value", *NIGHT[1:], "lifecycle"])


def test_no_list_is_made_where_the_scores_failed_and_the_others_go_on(tmp_path: Path) -> None:
    code, asked = night(tmp_path, codes={"score my_shop.toml --wait": 3})
    assert (code, steps(asked)) == (3, [step for step in NIGHT if step != "call-list"])


@pytest.mark.parametrize(("first", "second", "whole"), [(4, 0, 4), (8, 3, 3), (3, 8, 3), (0, 5, 5)])
def test_a_night_ends_with_what_a_retry_cannot_mend(tmp_path: Path, first: int, second: int, whole: int) -> None:
    code, asked = night(tmp_path, codes={"call-list my_shop.toml": first, "alerts run my_shop.toml": second})
    assert (code, steps(asked)) == (whole, NIGHT)


@pytest.mark.parametrize("weekday", [1, 2])
def test_every_step_is_a_command_with_the_options_it_gets(tmp_path: Path, weekday: int) -> None:
    from typer.main import get_command

    for line in night(tmp_path, weekday=weekday)[1]:
        command, words = get_command(app), line.replace("monday list", "monday").split()
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options
