"""`churnscope catalog`: reads well from top to bottom, with and without a config."""

import re

import pytest

from churnscope.features import FAMILIES
from churnscope.roles import ROLES

CONFIG = """
name = "tiny"
[sources.sales]
role = "purchases"
format = "csv"
files = "sales.csv"
columns = { customer = "customer", time = "day" }
signals = { gift = "kind = 'gift'", weight = "grams" }
types = { grams = "number" }
[activity]
rules = [{ source = "sales", days = 30 }]
[prediction]
horizon_days = 30
[features]
windows_days = [30, 90]
"""


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "sales.csv").write_text("customer,day,kind,grams\na,2024-01-01 10:00,gift,7\nb,2024-01-02 11:00,,5\n")
    return tmp_path / "config.toml"


@pytest.mark.parametrize("columns", [80, 120])
def test_without_a_config_everything_is_there_and_fits_the_terminal(columns, churnscope_run, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    out = churnscope_run("catalog").out
    assert max(map(len, out.splitlines())) < columns
    headings = re.findall(r"\n\n(\w+): ", out)
    assert set(headings) == {family.name for family in FAMILIES}
    built = [role for role in ROLES.values() if any(role.name in family.roles for family in FAMILIES)]
    assert [role.name for role in built if f"\n{role.name.replace('_', ' ').upper()} (" not in out] == []


def test_an_entry_has_names_unit_direction_sentence_and_what_missing_means(churnscope_run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = churnscope_run("catalog", "--role", "purchases", "--family", "trend").out
    assert (
        "trend: How often the customer was active in a window, against the days just before it.\n"
        "  purchase_count_30d_of_90d, _90d_of_180d, _180d_of_365d  [share, more lowers the risk]\n"
        "      25% of the last 90 days' purchases made in the last 30\n"
        "      missing: no purchase in the last 90 days\n"
    ) in out
    assert out.startswith("Everything a config can give: 6 features.")


def test_no_number_disagrees_with_its_noun_and_no_name_comes_twice(churnscope_run):
    out = churnscope_run("catalog").out
    assert not re.search(r"\b1 \w+s\b|\bnan\b|\{|\}", out)
    names = [feature["name"] for feature in churnscope_run("catalog", "--json").document["features"]]
    assert len(names) == len(set(names))


def test_of_a_config_it_shows_the_signals_as_what_they_are(tiny, churnscope_run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    out = churnscope_run("catalog", tiny).out
    assert "purchase_gift_share_30d, _90d, _ever  [share]\n      gift: 25% of lines in the last 30 days\n" in out
    assert "purchase_weight_mean_30d, _90d, _ever  [weight]\n      weight: 3 on average in the last 30 days\n" in out
    assert "ENGAGEMENT" not in out


def test_as_one_document_every_feature_has_an_entry(tiny, churnscope_run):
    features = {feature["name"]: feature for feature in churnscope_run("catalog", tiny, "--json").document["features"]}
    gift = features["purchase_gift_count_90d"]
    assert (gift["unit"], gift["window"], gift["role"], gift["family"]) == ("lines", 90, "purchases", "own_signals")


@pytest.mark.parametrize(
    ("option", "name", "message"),
    [("--role", "purchase", 'Did you mean "purchases"'), ("--family", "trends", 'Did you mean "trend"')],
)
def test_an_unknown_role_or_family_is_a_usage_error(option, name, message, churnscope_run):
    ended = churnscope_run("catalog", option, name)
    assert ended.code == 2
    assert message in ended.err
