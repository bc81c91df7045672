"""The catalogues: whole, current, and true to the English sentences they stand for."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from churnscope.features import FAMILIES, whole_catalog
from churnscope.languages import CODES, Message, language, placeholders
from churnscope.outcomes import RESULTS
from churnscope.outcomes.words import header_in, result_in
from churnscope.project.texts import every_text
from churnscope.reports.workbook import title

OTHERS = CODES[1:]
TEXTS = every_text()
MAKE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "messages.py"))
PLURALS = {"fr": 2, "it": 2, "pt_BR": 2}  # forms behind a number; Chinese has one and writes none
# Texts that are the same in another language, because the language writes them so.
SAME = {
    "fr": {"Occasion"},
    "it": {"{column}: {value:,.6g}", "{signal}: {value:,.6g}", "{column}: no"},
    "pt_BR": {"{column}: {value:,.6g}", "{signal}: {value:,.6g}"},
    "zh_Hans": set(),
}


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_what_make_messages_writes(code: str) -> None:
    assert (MAKE["FOLDER"] / f"{code}.po").read_text(encoding="utf-8") == MAKE["updated"](code), "run: make messages"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_every_text_and_no_other(code: str) -> None:
    assert language(code).texts.keys() == TEXTS.keys()
    assert all(text.strip() == text != "" for text in language(code).texts.values())


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_is_left_in_english(code: str) -> None:
    assert {text for text, said in language(code).texts.items() if text == said} == SAME[code]


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_and_their_forms_agree(code: str) -> None:
    for text, said in language(code).texts.items():
        forms = {name: form.partition("|")[0] for name, form in placeholders(said).items()}
        assert forms == placeholders(text), text


@pytest.mark.parametrize("code", OTHERS)
def test_a_count_has_as_many_forms_as_the_language(code: str) -> None:
    for said in language(code).texts.values():
        forms = [form.split("|")[1:] for form in placeholders(said).values() if "|" in form]
        assert all(len(each) == PLURALS.get(code) for each in forms), said
        assert all(len(set(each)) == 2 for each in forms), said


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("number", [0.0, 1.0, 1.5, 2.0, 74.0, 1234567.0])
def test_every_text_can_be_said_of_any_number(code: str, number: float) -> None:
    for text in TEXTS:
        values = {
            name: "X" if name in {"level", "column", "signal", "said", "choices"} else number for name in placeholders(text)
        }
        said = language(code, "EUR").say(Message(text, values))
        assert not re.search(r"[{}|#]|\bnan\b", said), (text, said)


@pytest.mark.parametrize("code", OTHERS)
def test_every_family_speaks_every_language(code: str) -> None:
    spoken, silent = language(code), {"calendar", "hours", "treatment_costs", "units", "weekdays"}  # told to a model alone
    told = {family.name: [] for family in FAMILIES}
    for spec in whole_catalog((30, 90, 180, 365)):
        value = 0.0 if spec.at_zero and not placeholders(spec.sentence) else 3.0
        message = spec.message(value, dict.fromkeys(spec.named, 3.0))
        if spec.spoken:
            assert message.text in spoken.texts, spec.name
            told[spec.family].append(spoken.say(message))
    assert {family for family, said in told.items() if not said} == silent


@pytest.mark.parametrize("code", CODES)
def test_a_list_that_comes_back_is_understood(code: str) -> None:
    spoken = language(code)
    assert [result_in(spoken.text(result.replace("_", " "))) for result in RESULTS] == list(RESULTS)
    columns = {"line_key": "line_key", "result": "result", "called_on": "day", "call_back": "call_back"}
    assert {name: header_in(spoken.text(title(name))) for name in columns} == columns


def test_no_other_column_is_taken_for_one_of_those() -> None:
    ours = {"line_key", "result", "called_on", "call_back"}
    headings = [text for text, kind in TEXTS.items() if kind == "heading" and text not in map(title, ours)]
    for code in CODES:
        assert [text for text in headings if header_in(language(code).text(text))] == [], code


@pytest.mark.parametrize("code", OTHERS)
def test_no_two_results_or_bands_or_actions_are_called_the_same(code: str) -> None:
    for kind in ("result of a call", "risk band", "action", "channel", "heading", "stage of customers"):
        said = [language(code).text(text) for text, each in TEXTS.items() if each == kind]
        assert len(said) == len(set(said)), kind


def test_chinese_is_written_in_simplified_signs_and_full_width_marks() -> None:
    for said in language("zh_Hans").texts.values():
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]", said), said
        assert not set(said) & set("\u500b\u9ede\u554f\u984c\u8cb7\u806f\u7d61\u5ba2\u6236\u6b21\u6578\u904e") - set(
            "\u5ba2\u6b21"
        ), said
