"""A project that answers what a test wants, and a way to run the command line in this process."""

import json
from dataclasses import dataclass

import pytest

import churnscope.project
from churnscope.cli.app import main


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture
def churnscope_run(capsys):
    """Run `churnscope WORDS` in this process."""

    def run(*words):
        with pytest.raises(SystemExit, match=r"\d+") as ended:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return Ended(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def project_that(monkeypatch):
    """Replace `Project` by one whose every step calls the given function."""

    def replace(answer):
        class FakeProject:
            def __init__(self, config, *, progress, reactivation=False):
                self.asked = {"config": config}

            def __getattr__(self, step):
                return lambda as_of, **options: answer(step=step, as_of=as_of, **self.asked, **options)

        monkeypatch.setattr(churnscope.project, "Project", FakeProject)

    return replace
