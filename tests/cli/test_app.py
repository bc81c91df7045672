"""The command line as a whole: help, version, usage errors, and what importing it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import churnscope
from churnscope.cli.app import COMMANDS

HEAVY = {
    "duckdb",
    "numba",
    "pandas",
    "lightgbm",
    "mlflow",
    "sklearn",
    "scipy",
    "pyarrow",
    "numpy",
    "pydantic",
    "sqlglot",
    "matplotlib",
    "rich",
}
NAMES = [command.__name__.replace("_", "-") for command in COMMANDS]
GOLDEN = Path(__file__).with_name("help.txt")


def modules_after(script):
    show = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    ended = subprocess.run([sys.executable, "-c", f"{script}\n{show}"], check=True, capture_output=True, text=True)
    return set(ended.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "script",
    [
        "import churnscope",
        "import churnscope.errors, churnscope.roles, churnscope.timeline",
        "import churnscope.cli.app",
        "from churnscope.cli.app import main\ntry: main(['--help'])\nexcept SystemExit: pass",
    ],
)
def test_importing_and_help_load_nothing_heavy(script):
    assert modules_after(script) & HEAVY == set()


def test_help_is_as_it_was(churnscope_run, monkeypatch, request):
    monkeypatch.setenv("COLUMNS", "100")
    ended = churnscope_run("--help")
    assert ended.code == 0
    assert ended.out == GOLDEN.read_text(), f"If the change is meant: churnscope --help > {GOLDEN}"


def test_help_without_any_word(churnscope_run):
    assert churnscope_run().out == churnscope_run("--help").out


@pytest.mark.parametrize("command", NAMES)
def test_every_command_has_help_and_the_shared_options(command, churnscope_run):
    ended = churnscope_run(command, "--help")
    assert ended.code == 0
    assert all(option in ended.out for option in ("--json", "--log-format", "--quiet"))


@pytest.mark.parametrize("command", NAMES)
def test_every_command_shows_how_it_is_typed(command, churnscope_run):
    assert f"churnscope {command}" in churnscope_run(command, "--help").out.partition("Example")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_summaries_fit_the_list_of_commands(command):
    assert len(command.__doc__.splitlines()[0]) <= 45


def test_version(churnscope_run):
    ended = churnscope_run("--version")
    assert (ended.code, ended.out) == (0, f"churnscope {churnscope.__version__}\n")


def test_the_module_is_the_command():
    ended = subprocess.run([sys.executable, "-m", "churnscope", "--version"], check=True, capture_output=True, text=True)
    assert ended.stdout == f"churnscope {churnscope.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["checks", "a.toml"], "Did you mean 'check'"),
        (["check"], "CONFIG"),
        (["check", "a.toml", "--jsn"], "No such option: --jsn"),
        (["check", "a.toml", "--log-format", "xml"], "xml"),
    ],
)
def test_a_line_that_cannot_be_understood_exits_with_2(words, said, churnscope_run):
    ended = churnscope_run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_usage_error_is_a_json_document_too(churnscope_run):
    ended = churnscope_run("check", "--json")
    assert ended.code == 2
    assert ended.document["error"]["kind"] == "UsageError"


def test_a_missing_config_exits_with_2(churnscope_run, tmp_path):
    ended = churnscope_run("check", tmp_path / "absent.toml")
    assert ended.code == 2
    assert "absent.toml" in ended.err


def test_the_public_names_are_there_and_unknown_ones_are_not():
    assert set(churnscope.__all__) <= set(dir(churnscope))
    assert churnscope.ChurnscopeError.__module__ == "churnscope.errors"
    with pytest.raises(AttributeError, match="no attribute 'Projekt'"):
        churnscope.Projekt  # noqa: B018


def test_a_wrong_choice_is_told_without_the_name_of_a_check(churnscope_run):
    ended = churnscope_run("check", "a.toml", "--log-format", "xml")
    assert ended.code == 2
    assert ended.err.startswith("Invalid value for '--log-format': 'xml' is not one of 'plain', 'json'.")
