"""Contradictions between the parts of a config."""

from __future__ import annotations

import pytest

from churnscope.config.checks import check_config
from churnscope.errors import ConfigError

REFUSED = {
    "tuned estimator": (
        ("horizon_days = 60", 'horizon_days = 60\n\n[model]\nestimator = "mine:forest"\ntrials = 5'),
        r"\[model\] trials: they tune the boosted trees, and an estimator takes their place",
    ),
    "repeated segment": (
        ("horizon_days = 60", 'horizon_days = 60\n\n[evaluation]\nsegments = ["tenure", "tenure"]'),
        r"\[evaluation\] segments: tenure stands there more than once",
    ),
    "unknown zone": (
        ('name = "shop"', 'name = "shop"\ntime_zone = "Europe/Londn"'),
        r'time_zone: .*\nDid you mean "Europe/London"',
    ),
    "zone of the moon": (('name = "shop"', 'name = "shop"\ntime_zone = "Q"'), "time_zone: .*\nWrite a name of the IANA list"),
    "zone of a source": (
        ('"orders.csv"', '"orders.csv"\ntime_zone = "Mars/Base"'),
        r"\[sources\.orders\] time_zone: there is no",
    ),
    "misspelt column": (("amount =", "amuont ="), r'\[sources\.orders\] columns\.amuont: .*\nDid you mean "amount"'),
    "required column": (
        ('time = "date", ', ""),
        r"\[sources\.orders\] columns\.time: this key is missing\.\nName the column that",
    ),
    "column of another role": (
        ('customer = "id"', 'customer = "id", amount = "x"'),
        r"\[sources\.people\] columns\.amount: customers",
    ),
    "hostile column": (("Quantity * Price", "read_text('x')"), r"columns\.amount, character 1: the function read_text"),
    "broken expression": (
        ("Quantity * Price", "Quantity * "),
        r"columns\.amount, character \d+: this is not an SQL expression",
    ),
    "hostile signal": (("Quantity > 10", "random() > 0.5"), r"signals\.big, character 1: the function random"),
    "hostile filter": (
        ('"orders.csv"', '"orders.csv"\nwhere = "(SELECT true)"'),
        r"\[sources\.orders\] where, character \d+: a query",
    ),
    "signal named like a column": (("big =", "quantity ="), r"signals\.quantity: this name has a meaning"),
    "signal named like the count": (("big =", "events ="), r"signals\.events: this name has a meaning"),
    "type": (
        ('"orders.csv"', '"orders.csv"\ntypes = { date = "datum" }'),
        r"types\.date: 'datum' is no type\.\nWrite one of text",
    ),
    "format of a date": (('"orders.csv"', '"orders.csv"\ntypes = { date = "%Y-%Q" }'), r"types\.date: '%Y-%Q' is no type"),
    "csv of parquet": (
        ('"people.parquet"', '"people.parquet"\ncsv = { delimiter = ";" }'),
        r"\[sources\.people\] csv: the files are",
    ),
    "one sign, two uses": (
        ('"orders.csv"', '"orders.csv"\ncsv = { decimal = "," }'),
        "delimiter, quote and decimal are not three",
    ),
    "overlap of customers": (
        ('"people.parquet"', '"people.parquet"\noverlap = "max"'),
        r"\[sources\.people\] overlap: customers have",
    ),
    "unknown source": (('source = "orders"', 'source = "order"'), r'rules #1 source: there is no .*\nDid you mean "orders"'),
    "source without events": (
        ('source = "orders"', 'source = "people"'),
        "people holds customers, not events.\nKnown here: orders",
    ),
    "unmapped measure": (
        ("days = 90", 'days = 90, measure = "discount"'),
        r"measure: orders has no 'discount' to add up\.\nKnown",
    ),
    "events without days": (("days = 90", "at_least = 2"), r"rules #1 days: this key is missing"),
    "events with grace": (("days = 90", "days = 90, grace_days = 3"), r"rules #1 grace_days: only what is in force"),
    "events in force": (
        ("days = 90", "in_force = true"),
        r"in_force: orders holds purchases; only terms .*\nLeave it out",
    ),
    "terms over days": (
        ("days = 90", 'days = 90, in_force = true, measure = "amount"'),
        r"rules #1 days: it speaks of events.*\n.*rules #1 measure: it speaks of events",
    ),
    "end without terms": (
        ("[prediction]", '[label]\nkind = "contract_end"\n[prediction]'),
        r"no rule of \[activity\] counts terms",
    ),
    "cancel without notice": (
        ("[prediction]", '[label]\nkind = "cancel"\n[prediction]'),
        r"nothing says when that was\.\nMap the column cancelled of a source",
    ),
    "notice without cancel": (
        ("[prediction]", '[label]\ncancel = { source = "orders" }\n[prediction]'),
        r'\[label\] cancel: the kind is "no_event"\.\nWrite kind = "cancel"',
    ),
    "notice from nowhere": (
        ("[prediction]", '[label]\nkind = "cancel"\ncancel = { source = "order" }\n[prediction]'),
        r"cancel source: 'order' is no source of events\.\nDid you mean \"orders\"",
    ),
    "notice without its flag": (
        ("[prediction]", '[label]\nkind = "cancel"\ncancel = { source = "orders", where = "bigg" }\n[prediction]'),
        r"cancel where: orders has no flag .*\nDid you mean \"big\"",
    ),
    "unknown flag": (("days = 90", 'days = 90, where = "bigg"'), r'where: orders has no flag .*\nDid you mean "big"'),
    "windows twice": (
        ("horizon_days = 60", "horizon_days = 60\n[features]\nwindows_days = [30, 90, 30]"),
        "windows_days: 30 stands",
    ),
    "cutoffs that fall": (
        ("horizon_days = 60", "horizon_days = 60\ncutoffs = [2024-03-01, 2024-01-01]"),
        r"\[prediction\] cutoffs: the days do not rise",
    ),
    "cutoffs too near": (
        ("horizon_days = 60", "horizon_days = 60\ncutoffs = [2024-01-01, 2024-02-01, 2024-03-01]"),
        r"cutoffs: 3 complete cutoffs do not leave .*\nList cutoffs over at least 120 days",
    ),
    "cutoffs listed and planned": (
        ("horizon_days = 60", "horizon_days = 60\nspacing_days = 5\ncutoffs = [2023-01-01, 2023-05-01, 2023-09-01]"),
        r"spacing_days: it plans cutoffs, and they are listed",
    ),
}


@pytest.mark.parametrize(("replacement", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_contradiction_is_named_with_its_key_and_a_way_out(load, replacement: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(replacement)


CONTRACTS = """
[sources.contracts]
role = "subscriptions"
format = "csv"
files = "contracts.csv"
columns = { customer = "id", time = "from", end = "to", cancelled = "notice" }
"""
IN_FORCE = ("days = 90 }", 'days = 90 }, { source = "contracts", in_force = true, grace_days = 14 }')


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("gap_days = 9\ndays_before_end = 8", r"days_before_end: terms would end in the gap of 9 days"),
        ("days_before_end = 50\nspacing_days = 11", r"end 60 days ahead, .* after the horizon\.\nMake horizon_days 61 at"),
        ('horizon_renewals = 1\n[label]\nkind = "cancel"', r'horizon_renewals: the label is of the kind "cancel"'),
    ],
)
def test_ends_that_are_looked_at_lie_in_the_horizon(load, keys: str, message: str) -> None:
    label = "" if "[label]" in keys else '[label]\nkind = "contract_end"\n'
    with pytest.raises(ConfigError, match=message):
        load(IN_FORCE, ("horizon_days = 60", f"horizon_days = 60\n{keys}"), more=CONTRACTS + label)


def test_renewals_with_their_grace_lie_in_the_horizon(load) -> None:
    short = ("horizon_days = 60", "horizon_days = 14\nhorizon_renewals = 1")
    with pytest.raises(ConfigError, match="no end and its 14 days of grace lie in the horizon"):
        load(IN_FORCE, short, more=CONTRACTS + '[label]\nkind = "contract_end"\n')


@pytest.mark.parametrize("key", ["days_before_end = 5", "horizon_renewals = 1"])
def test_without_terms_that_end_nothing_is_said_of_ends(load, key: str) -> None:
    with pytest.raises(ConfigError, match=r"no rule of \[activity\] counts terms that end"):
        load(("horizon_days = 60", f"horizon_days = 60\n{key}"))


def test_grace_belongs_to_the_outcome_of_ends_alone(load) -> None:
    def timing(more: str, label: str) -> tuple[int, int | None]:
        keys = ("horizon_days = 60", f"horizon_days = 60\n{more}")
        config = load(IN_FORCE, keys, more=f'{CONTRACTS}[label]\nkind = "{label}"\n')
        return config.timing.outcome_end(0), config.timing.renewals

    assert timing("", "contract_end") == (74, None)
    assert timing("", "not_active") == timing("", "cancel") == (60, None)
    assert timing("horizon_renewals = 2", "contract_end") == (60, 2)


def test_terms_are_looked_at_until_the_next_cutoff_takes_over(load) -> None:
    def due(keys: str) -> tuple[int, int] | None:
        return load(IN_FORCE, ("horizon_days = 60", f"horizon_days = 60\n{keys}"), more=CONTRACTS).due_days

    assert due("") is None
    assert due("days_before_end = 30") == (30, 50)  # planned cutoffs are a third of the horizon apart
    assert due("days_before_end = 30\nspacing_days = 1") == (30, 31)
    assert due("days_before_end = 30\nspacing_days = 7\ncutoffs = [2023-01-01, 2023-05-01, 2023-09-01]") == (30, 37)


def test_levels_of_different_measures_are_not_added_up(load) -> None:
    two = 'days = 90 }, { source = "orders", days = 9, measure = "amount" }'
    with pytest.raises(ConfigError, match=r'kind: "partial", and the \[activity\] rules measure different things'):
        load(("days = 90 }", two), more='[label]\nkind = "partial"\n')


def test_known_and_a_delay_exclude_each_other(load) -> None:
    with pytest.raises(ConfigError, match=r"\[sources\.orders\] delay_days: columns\.known says already"):
        load(("amount =", 'known = "k", amount ='), ('"orders.csv"', '"orders.csv"\ndelay_days = 1'))


def test_a_text_cannot_be_added_up(load) -> None:
    with pytest.raises(ConfigError, match="measure: orders has no 'order' to add up"):
        load(("amount =", 'order = "o", amount ='), ("days = 90", 'days = 90, measure = "order"'))


def test_a_flag_that_could_be_declared_is_shown_so(load) -> None:
    with pytest.raises(ConfigError, match=r"Declare it: \[sources\.orders\] signals\.big = \.\.\."):
        load(('signals = { big = "Quantity > 10" }\n', ""), ("days = 90", 'days = 90, where = "big"'))


def test_some_source_has_to_hold_events(load) -> None:
    with pytest.raises(ConfigError, match=r"\[sources\]: no source holds events\. Add one of the role purchases, engagement"):
        load(('"purchases"', '"customers"'), (', time = "date", amount = "Quantity * Price"', ""))


def test_a_listed_cutoff_needs_its_whole_outcome(load) -> None:
    cutoffs = "cutoffs = [2023-01-01, 2023-05-01, 2023-09-01]"
    prediction = ("horizon_days = 60", f"horizon_days = 60\n{cutoffs}")
    assert len(load(prediction, ('"shop"', '"shop"\ncomplete_through = 2023-10-30')).prediction.cutoffs) == 3
    with pytest.raises(
        ConfigError, match=r"outcome of 2023-09-01 ends after .*2023-10-29\.\nThe newest possible cutoff is 2023-08-31"
    ):
        load(prediction, ('"shop"', '"shop"\ncomplete_through = 2023-10-29'))


def test_a_header_of_several_words_waits_for_its_file(load) -> None:
    assert load(("Quantity * Price", "Order total net")).sources["orders"].columns["amount"] == "Order total net"


@pytest.mark.parametrize(
    "kind", ["text", "number", "boolean", "timestamp", "epoch_milliseconds", "%d/%m/%Y %H:%M", "%-d.%-m.%y 100%%"]
)
def test_a_known_type_is_accepted(load, kind: str) -> None:
    assert load(('"orders.csv"', f'"orders.csv"\ntypes = {{ date = "{kind}" }}')).sources["orders"].types == {"date": kind}


@pytest.mark.parametrize(("role", "key", "told"), [("support", "measure", "satisfaction"), ("contacts", "where", "response")])
def test_what_is_told_later_than_the_row_makes_nobody_active(load, role: str, key: str, told: str) -> None:
    more = f"""
[sources.more]
role = "{role}"
format = "csv"
files = "more.csv"
columns = {{ customer = "id", time = "at", {told} = "x" }}
"""
    with pytest.raises(ConfigError, match=f"more tell {told} later than the row"):
        load(("days = 90 }", f'days = 90 }}, {{ source = "more", days = 90, {key} = "{told}" }}'), more=more)


@pytest.mark.parametrize("rule", ['measure = "amount"', 'measure = "big"', 'where = "big"', 'measure = "events"'])
def test_a_rule_may_name_mapped_columns_and_signals(load, rule: str) -> None:
    assert load(("days = 90", f"days = 90, {rule}")).activity.rules[0].days == 90


def test_a_config_made_in_memory_is_checked_under_its_own_name(load) -> None:
    config = load()
    check_config(config)
    wrong = config.model_copy(update={"time_zone": "Nowhere"})
    with pytest.raises(ConfigError, match=r"^in memory, time_zone"):
        check_config(wrong, "in memory")
