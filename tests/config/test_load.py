"""Reading a config: files, paths, variables, and messages in the words of the file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from churnscope.config.load import load_config
from churnscope.config.models import Config, Files
from churnscope.config.places import Place
from churnscope.config.problems import problems_of, refuse_all
from churnscope.errors import ConfigError


def test_a_small_config_loads_with_its_defaults(load) -> None:
    config = load()
    assert config.sources["orders"].columns["amount"] == "Quantity * Price"
    assert config.features.windows_days == (30, 90, 180, 365)
    assert config.activity.rules[0].at_least == 1


def test_paths_start_at_the_config_file(load, tmp_path: Path) -> None:
    config = load()
    assert config.sources["orders"].files == (Files(path=str(tmp_path / "configs/orders.csv")),)
    assert config.folders.outputs == tmp_path / "configs/outputs"
    assert config.folders.models == tmp_path / "configs/models"


def test_written_folders_start_at_the_config_file_too(load, tmp_path: Path) -> None:
    config = load(more='[folders]\noutputs = "results"\nmodels = "/srv/models"')
    assert config.folders.outputs == tmp_path / "configs/results"
    assert config.folders.models == Path("/srv/models")


def test_a_relative_path_to_the_config_gives_absolute_paths(load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load()
    monkeypatch.chdir(tmp_path)
    assert load_config("configs/shop.toml", {}).folders.outputs == tmp_path / "configs/outputs"


def test_variables_are_filled_in(load, tmp_path: Path) -> None:
    config = load(
        ('"orders.csv"', '["${DATA}/a.csv", {path = "${ DATA }/b.csv", rename = {x = "y"}}]'), environment={"DATA": "in"}
    )
    folder = tmp_path / "configs/in"
    assert [file.path for file in config.sources["orders"].files] == [str(folder / "a.csv"), str(folder / "b.csv")]


def test_a_variable_that_is_not_set_is_named_with_its_key(load) -> None:
    message = r"\[sources\.orders\] files #1 path: the variable SHOP_DATA is not set\.\nSet it"
    with pytest.raises(ConfigError, match=message):
        load(("orders.csv", "${SHOP_DATA}/orders.csv"))


def test_an_address_may_come_from_a_file(load, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("https://ann:pass@host\n", encoding="utf-8")
    assert load(more='[tracking]\nuri = "${file:../secret}"').tracking.uri == "https://ann:pass@host"


def test_a_file_that_cannot_be_read_is_named_with_its_key(load) -> None:
    with pytest.raises(ConfigError, match=r"\[tracking\] uri: the file .*nowhere cannot be read"):
        load(more='[tracking]\nuri = "${file:nowhere}"')


def test_days_may_stand_in_quotes(load) -> None:
    assert load(('name = "shop"', 'name = "shop"\ncomplete_through = "2024-01-31"')).complete_through == date(2024, 1, 31)


def test_a_config_can_be_made_without_a_file(load, tmp_path: Path) -> None:
    document = {
        "name": "shop",
        "sources": {
            "orders": {"role": "purchases", "format": "csv", "files": ["a"], "columns": {"customer": "c", "time": "t"}}
        },
        "activity": {"rules": [{"source": "orders", "days": 1}]},
        "prediction": {"horizon_days": 1},
    }
    assert Config.model_validate(document).sources["orders"].files == (Files(path="a"),)


REFUSED = [
    (
        ("horizon_days = 60", "horizon_day = 60"),
        r'\[prediction\] horizon_day: there is no such key\. Did you mean "horizon_days"\?',
    ),
    (("horizon_days = 60", ""), r"\[prediction\] horizon_days: this key is missing"),
    (("horizon_days = 60", "horizon_days = 0"), r"\[prediction\] horizon_days: 0 is not possible\.\nWrite 1 or more"),
    (("horizon_days = 60", "horizon_days = 99999"), r"99999 is not possible\.\nWrite at most 36500"),
    (("horizon_days = 60", "horizon_days = 60.5"), r"60\.5 is not possible\.\nWrite a whole number"),
    (("horizon_days = 60", 'horizon_days = "60"'), r"'60' is not possible\.\nWrite a whole number"),
    (("horizon_days = 60", "horizon_days = true"), r"True is not possible\.\nWrite a whole number"),
    (
        ("horizon_days = 60", "horizon_days = 60\nready_hours = nan"),
        r"ready_hours: nan is not possible\.\nWrite a finite number",
    ),
    (("horizon_days = 60", "horizon_days = 60\nready_hours = 25"), r"ready_hours: 25 is not possible\.\nWrite at most 24"),
    (
        ("horizon_days = 60", "horizon_days = 60\ncutoffs = [2024-01-01T00:00:00]"),
        r"cutoffs #1.*\nWrite a day such as 2024-01-31",
    ),
    (("horizon_days = 60", 'horizon_days = 60\ncutoffs = ["1 May"]'), r"cutoffs #1: '1 May'.*\nWrite a day such as 2024-01-31"),
    (
        ('"purchases"', '"purchase"'),
        r"\[sources\.orders\] role: 'purchase' .*\nWrite one of: purchases, engagement, support",
    ),
    (('"orders.csv"', "3"), r"\[sources\.orders\] files: 3 is not possible\.\nWrite a list"),
    (('"orders.csv"', "[]"), r"\[sources\.orders\] files: .*\nWrite at least 1 entry"),
    (('"orders.csv"', "[3]"), r"\[sources\.orders\] files #1: 3 is not possible\.\nWrite a table"),
    (('"orders.csv"', '[{path = "x", renames = {}}]'), r'files #1 renames: there is no such key\.\nDid you mean "rename"\?'),
    (
        ("days = 90", "days = 90, at_last = 2"),
        r'\[activity\] rules #1 at_last: there is no such key\.\nDid you mean "at_least"\?',
    ),
    (("days = 90", "days = -1"), r"\[activity\] rules #1 days: -1 is not possible\.\nWrite 1 or more"),
    (("big =", '"Big one" ='), r"\[sources\.orders\] signals\.Big one: .*\nWrite a word of small letters"),
    (("sources.orders", "sources.Orders"), r"\[sources\.Orders\]: .*\nWrite a word of small letters"),
    (('name = "shop"', 'name = "My Shop"'), r"name: 'My Shop' is not possible\.\nWrite a word of small letters"),
    (('name = "shop"', 'names = "shop"'), r"names: there is no such key"),
]


@pytest.mark.parametrize(("replacement", "message"), REFUSED)
def test_a_refused_value_says_what_would_be_possible(load, replacement: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load(replacement)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[engine]\nmemory_limit = "lots"', 'a size such as "4GB"'),
        ("[csv]\n", "csv: there is no such key"),
        ('[sources.orders.csv]\ndelimiter = ";;"', r"\[sources.orders\] csv.delimiter: ';;' is not possible"),
        ('[sources.orders.csv]\nquote = "\\n"', "one character that ends no line"),
        ("[model]\nleaves = 1", r"\[model\] leaves: 1 is not possible.\nWrite 2 or more"),
        ("[evaluation]\nlift_shares = [0.1, 0.0]", r"lift_shares #2: 0.0 is not possible.\nWrite more than 0"),
        ("[tracking]\nrequired = 1", r"required: 1 is not possible.\nWrite true or false"),
    ],
)
def test_values_of_further_tables_have_limits_too(load, more: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(more=more)


def test_all_problems_are_listed_at_once(load) -> None:
    with pytest.raises(ConfigError, match=r"shop\.toml: 3 problems\.\n- .*role.*\n- .*days.*\n- .*horizon_days") as caught:
        load(('"purchases"', '"shopping"'), ("days = 90", "days = 0"), ("horizon_days = 60", "horizon_days = 0"))
    assert len(str(caught.value).splitlines()) == 4


def test_of_many_problems_the_first_are_shown(load) -> None:
    with pytest.raises(ConfigError, match=r": 25 problems\.(\n- .*){10}\nAnd 15 more\.$"):
        load(more="\n".join(f"wrong_{number} = 1" for number in range(25)))


def test_a_long_text_or_an_address_is_not_repeated(load) -> None:
    with pytest.raises(ConfigError, match="role: this value is not possible"):
        load(('"purchases"', f'"{"x" * 100}"'))
    with pytest.raises(ConfigError, match="role: this address is not possible"):
        load(('"purchases"', '"https://host/path"'))


def test_a_missing_file_names_the_configs_beside_it(load, tmp_path: Path) -> None:
    load()
    with pytest.raises(ConfigError, match=r"shops\.toml: there is no such file\.\nConfigs in that folder: shop\.toml"):
        load_config(tmp_path / "configs" / "shops.toml", {})
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(tmp_path / "nowhere" / "shop.toml", {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'name = "shop"\nname = ', r"this is not TOML: .*line 2"),
        (b"name = \xff\xfe", "not UTF-8"),
        (b"x = " + b"[" * 5_000, "nest too deeply|not TOML"),
        (b"", "4 problems|name: this key is missing"),
        (b"name = 3\nsources = 4\nactivity = []\nprediction = 1", "sources: 4 is not possible. Write a table"),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_config(path, {})


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read \(Is a directory\)"):
        load_config(tmp_path, {})


def test_a_byte_order_mark_is_accepted(load, tmp_path: Path) -> None:
    load()
    path = tmp_path / "configs" / "shop.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_config(path, {}).name == "shop"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*Config.model_fields, "orders", "x"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Config.model_fields, "x"]), VALUES))
@settings(max_examples=100, deadline=None)
def test_every_problem_of_any_document_can_be_told(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Config") as caught:
        Config.model_validate(document, context=Place(Path("/"), {}))
    with pytest.raises(ConfigError, match=r"^x\.toml"):
        refuse_all("x.toml", problems_of(caught.value, Config, {}))
