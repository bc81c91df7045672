"""`churnscope report`: what is asked of the project, and what is said of the answer."""

from pathlib import Path

import pytest

from churnscope.evaluation.grade import Grade
from churnscope.project.results import ReportResult


@pytest.fixture
def asked(project_that):
    """What the project was asked for."""
    asked = {}

    def answer(**options):
        asked.update(options)
        return ReportResult(
            name="shop",
            version="v1",
            as_of=15_100,
            run_id="2c77a06fcf939929",
            grade=Grade("use it", "use it", "It is better."),
            names_customers=options["customers"],
            page=Path("out/report.html"),
            manifest=Path("out/manifest.json"),
            was_done=options["model"] == "latest",
        )

    project_that(answer)
    return asked


def test_the_page_and_its_grade_are_told(asked, churnscope_run):
    ended = churnscope_run("report", "shop.toml", "-q")
    assert ended.out == (
        "shop v1, as of 2011-05-06, run 2c77a06fcf939929.\n"
        "Grade: use it. It is better.\n"
        "Written: out/report.html\n"
        "It names customers: only its owner can read it (mode 0600). --no-customers leaves them out.\n"
    )
    assert (asked["step"], asked["model"], asked["customers"], asked["output"]) == ("report", "champion", True, None)


def test_customers_are_left_out_on_request(asked, churnscope_run):
    ended = churnscope_run("report", "shop.toml", "-q", "--no-customers", "-o", "page.html", "--as-of", "2011-05-06")
    assert "0600" not in ended.out
    assert (asked["customers"], asked["output"], asked["as_of"]) == (False, Path("page.html"), "2011-05-06")


def test_a_report_that_was_there_is_said_to_be(asked, churnscope_run):
    assert "nothing was written" in churnscope_run("report", "shop.toml", "-q", "--model", "latest").out
    assert churnscope_run("report", "shop.toml", "-q", "--json").document["page"] == "out/report.html"
