"""Scores in another language: the same customers and figures, other words, and what any list can say anew."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError
from churnscope.languages import CODES, Message, language
from churnscope.operations.exports import read_export

REASONS = ("reason_1", "reason_2", "reason_3")
SAID = ("said_1", "said_2", "said_3")


@pytest.fixture
def english(shop):
    return pq.read_table(shop.project().score("2023-02-27", all_customers=True, output=shop.folder / "en.parquet").outputs[0])


def test_other_words_and_nothing_else(shop, english) -> None:
    result = shop.project().score("2023-02-27", all_customers=True, output=shop.folder / "fr.parquet", language="fr")
    french = pq.read_table(result.outputs[0])
    same = [name for name in english.column_names if name not in {*REASONS, "run_id"}]
    assert french.select(same).equals(english.select(same))
    pairs = [
        (one, other) for name in REASONS for one, other in zip(english[name].to_pylist(), french[name].to_pylist(), strict=True)
    ]
    assert all((one in {None, ""}) == (other in {None, ""}) for one, other in pairs)
    assert all(one != other for one, other in pairs if one)
    assert any("dernier achat il y a" in (other or "") for _, other in pairs)


@pytest.mark.parametrize("code", CODES)
def test_what_is_not_said_yet_can_be_said_in_any_language(english, code: str) -> None:
    spoken = language(code)
    for name, unsaid in zip(REASONS, SAID, strict=True):
        for text, saved in zip(english[name].to_pylist(), english[unsaid].to_pylist(), strict=True):
            assert bool(text) == (saved is not None)
            if saved is not None:
                message = Message.from_json(saved)
                assert message.text in language("it").texts
                assert code != "en" or spoken.say(message) == text
                assert spoken.say(message)


def test_csv_is_for_people(shop) -> None:
    result = shop.project().score("2023-02-27", output=shop.folder / "scores.csv", language="pt-BR")
    assert set(SAID).isdisjoint(read_export(result.outputs[0]).column_names)


def test_the_config_says_language_and_currency(shop) -> None:
    project = shop.project()
    path = shop.folder / "config.toml"
    path.write_text('language = "it"\ncurrency = "EUR"\n' + path.read_text())
    table = pq.read_table(type(project)(path).score("2023-02-27", output=shop.folder / "it.parquet").outputs[0])
    told = [text for name in REASONS for text in table[name].to_pylist() if text]
    assert any("acquisto" in text for text in told)
    assert any("\u00a0\u20ac" in text for text in told)


def test_a_language_nobody_writes_is_refused(shop) -> None:
    with pytest.raises(ConfigError, match="Nothing is written in the language 'de'"):
        shop.project().score("2023-02-27", language="de")
