"""`churnscope simulate`: what it writes and says."""

import pytest

from churnscope.simulation.business import PRESETS


def test_it_writes_files_and_says_what_next(churnscope_run, tmp_path):
    ended = churnscope_run(
        "simulate", "shop", tmp_path / "s", "--customers", "50", "--days", "200", "--set", "flaws.missing_id_share=0.2"
    )
    assert ended.code == 0
    assert "purchases.csv" in ended.out
    assert "purchases: missing id" in ended.out
    assert f"churnscope check {tmp_path / 's' / 'config.toml'}" in ended.out
    assert (tmp_path / "s" / "truth" / "customers.csv").is_file()


def test_as_one_document(churnscope_run, tmp_path):
    words = ("--customers", "30", "--days", "200", "--format", "parquet", "--json")
    document = churnscope_run("simulate", "pareto_nbd", tmp_path / "s", *words).document
    assert document["config"] == str(tmp_path / "s" / "config.toml")
    assert document["rows"]["customers.parquet"] == 30
    assert document["files"]["truth"] == [str(tmp_path / "s" / "truth" / "customers.parquet")]


def test_help_names_every_business(churnscope_run):
    out = churnscope_run("simulate", "--help").out
    assert all(name in out for name in PRESETS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("shoop",), 'Did you mean "shop"'),
        (("shop", "--set", "purchases.per_year"), "sets nothing"),
        (("shop", "--set", "purchases.per_year=0"), "Give a number from"),
        (("shop", "--customers", "0"), "customers = 0"),
    ],
)
def test_what_is_impossible_is_a_usage_error(words, message, churnscope_run, tmp_path):
    business, *options = words
    ended = churnscope_run("simulate", business, tmp_path / "s", *options)
    assert ended.code == 2
    assert message in ended.err
    assert not (tmp_path / "s").exists()


def test_a_folder_with_something_in_it_is_refused(churnscope_run, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    ended = churnscope_run("simulate", "shop", tmp_path)
    assert ended.code == 6
    assert "is not empty" in ended.err
