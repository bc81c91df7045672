"""`churnscope models`: what it says, what reaches the project, and how a refusal ends."""

import io

import numpy as np
import pytest

import churnscope.project
from churnscope.cli import models
from churnscope.cli.rendering import print_parts
from churnscope.config.models import Evaluation as Settings
from churnscope.errors import GateError
from churnscope.evaluation.figures import evaluate
from churnscope.evaluation.grade import grade
from churnscope.project.models.versions import Comparison, Served, Version, VersionDetails, VersionList

COMMANDS = [command.name or command.callback.__name__ for command in models.models.registered_commands]


def said(describe, result):
    stream = io.StringIO()
    print_parts(describe(result), stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=600)
    forecasts = {"model": chance, "other model": np.clip(chance + rng.normal(0, 0.3, 600), 0, 1)}
    return evaluate(rng.uniform(size=600) < chance, np.arange(600), forecasts, Settings(bootstraps=20), rng)


@pytest.fixture
def project(monkeypatch):
    """A project that notes what it is asked and answers with a change of the champion, or fails."""
    asked = []

    class FakeProject:
        error = None

        def __init__(self, config, *, progress, reactivation=False):
            asked.append(("config", (str(config),), {}))

        def __getattr__(self, step):
            def answer(*words, **options):
                asked.append((step, words, options))
                if self.error:
                    raise self.error
                return Served("shop", "v2", "v1", "first champion")

            return answer

    monkeypatch.setattr(churnscope.project, "Project", FakeProject)
    FakeProject.asked = asked
    return FakeProject


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_the_shared_options(command, churnscope_run):
    ended = churnscope_run("models", command, "--help")
    assert ended.code == 0
    assert all(option in ended.out for option in ("--json", "--log-format", "--quiet"))


def test_the_group_lists_its_commands(churnscope_run):
    out = churnscope_run("models", "--help").out
    assert all(command in out for command in ("list", "show", "compare", "promote", "rollback"))


@pytest.mark.parametrize(
    ("words", "step", "given", "options"),
    [
        (["list", "a.toml"], "models", (), {}),
        (["show", "a.toml"], "show", ("champion",), {}),
        (["compare", "a.toml", "latest", "--as-of", "today"], "compare", ("latest", "champion"), {"as_of": "today"}),
        (["promote", "a.toml", "v2", "--force"], "promote", ("v2",), {"force": True}),
        (["rollback", "a.toml"], "rollback", (), {}),
    ],
)
def test_words_and_options_reach_the_project(words, step, given, options, churnscope_run, project):
    ended = churnscope_run("models", *words, "--json")
    assert (ended.code, ended.document["version"]) == (0, "v2")
    assert project.asked == [("config", ("a.toml",), {}), (step, given, options)]


def test_a_refused_promotion_exits_with_5(churnscope_run, project):
    project.error = GateError("Model v2 is not promoted: it loses.", "Add --force.")
    ended = churnscope_run("models", "promote", "a.toml", "v2")
    assert (ended.code, ended.err) == (5, "Model v2 is not promoted: it loses.\nAdd --force.\n")


def test_a_change_names_both_champions(churnscope_run, project):
    out = churnscope_run("models", "rollback", "a.toml").out
    assert out == "Champion of shop: v2 (first champion).\nBefore: v1\n"


def test_the_list_marks_the_champion_and_what_is_damaged():
    good = Version("v1", "2024-01-01", ("champion", "latest"), "2023-10-01", 0.7312, 0.5551, "use it", "recency rule")
    damaged = Version("v2", "2024-02-01", damage="its hash differs")
    text = said(models.describe_list, VersionList("shop", (good, damaged), ("v0",)))
    assert "v1       2024-01-01  2023-10-01   0.731     0.555  use it" in text
    assert "champion, latest, recency rule in place of a model" in text
    assert "damaged: its hash differs" in text
    assert "Champions before: v0" in text


def test_an_empty_list_says_what_to_do():
    assert said(models.describe_list, VersionList("shop", (), ())).endswith("Run `churnscope train` first.\n")


def test_a_version_is_shown_in_full(evaluation):
    result = VersionDetails(
        name="shop",
        version="v1",
        as_of=15_100,
        marks=("champion",),
        recipe="boosted trees",
        corrections=(),
        split={"fit": ("2011-01-26",), "test": ("2011-03-30",), "late": ()},
        features=40,
        dropped={"x": "never known"},
        baselines=("base rate",),
        cutoff="2011-03-30",
        evaluation=evaluation,
        grade=grade(evaluation),
    )
    text = said(models.describe_version, result)
    assert text.startswith("shop v1, champion, as of 2011-05-06\n")
    assert "cutoffs to fit   2011-01-26" in text
    assert "40, of which 1 without use" in text
    assert "Grade:" in text


def test_a_comparison_puts_both_side_by_side(evaluation):
    differences = evaluation.differences["other model"]
    result = Comparison("shop", "v2", "v1", 15_070, evaluation, differences, "v2 is better in AUROC than v1.")
    text = said(models.describe_comparison, result)
    assert text.startswith("v2 (model) and v1 (other model) at the cutoff 2011-04-06\n")
    assert text.endswith("\nv2 is better in AUROC than v1.\n")
