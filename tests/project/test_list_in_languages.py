"""Lists in five languages: an agent's sheet in theirs, openings in the customer's, and every workbook comes back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest

from churnscope.config.call_list import OUTCOME_COLUMNS
from churnscope.errors import ConfigError, InputError
from churnscope.languages import CODES, Message, language
from churnscope.operations.exports import write_csv, write_parquet
from churnscope.outcomes import RESULTS
from churnscope.project import Project
from churnscope.project.money.listed import CallListResult
from churnscope.reports.workbook import title

AS_OF = date(2024, 2, 9)
AGENTS = {
    "en": ("Ann", "en"),
    "fr": ("Chloé", "Français"),
    "it": ("Bruno", "it-IT"),
    "pt_BR": ("João", "pt"),
    "zh_Hans": ("李娜", "中文"),
}
CONFIG = """
name = "hotline"
complete_through = 2024-02-08
currency = "EUR"

[sources.sales]
role = "purchases"
format = "csv"
files = "sales.csv"
columns = { customer = "customer", time = "time" }

[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
columns = { customer = "id" }

[activity]
rules = [{ source = "sales", days = 60 }]

[prediction]
horizon_days = 30

[profit]
value = 200

[actions.loyalty_points]
channel = "phone"
minutes = 10
acceptance = 0.3
opening.en = ["Good day {name}.", "Good day."]
opening.fr = "Bonjour {name}."
opening.it = "Buongiorno {name}."
opening.pt_BR = "Olá, {name}."
opening.zh_Hans = "{name}，您好。"

[actions.tea_tasting]
label = { en = "tasting", fr = "dégustation de thé" }
channel = "visit"
minutes = 10
acceptance = 0.31
most = 3

[call_list]
agents = [AGENTS]
control_share = 0
show = { name = "Name", language = "Lang", phone = "Phone" }

[tracking]
enabled = false
"""
N_EACH = 4
TOLD = (
    Message("last purchase {value:.0f} days ago", {"value": 74.0}),
    Message("spent {value:,.2f} in the last {days} days", {"value": 1234.5, "days": 365}),
    Message("a loyal customer", {}, "{said} (speaks for staying)"),
)


def scores(**more) -> pa.Table:
    n = N_EACH * len(CODES)
    plain = {
        "customer_id": [f"k{number:02}" for number in range(n)],
        "as_of": [AS_OF] * n,
        "churn_probability": [0.9 - number / 100 for number in range(n)],
        "stage": ["loyal"] * n,
        "risk_band": ["high", "medium", "low", "high"] * len(CODES),
        **{f"reason_{place}": [language("en").say(told)] * n for place, told in enumerate(TOLD, start=1)},
        **{f"said_{place}": [told.to_json()] * n for place, told in enumerate(TOLD, start=1)},
    }
    return pa.table({**plain, **more})


def desk_in(folder: Path) -> Project:
    agents = ", ".join(f'{{ name = "{name}", minutes = 60, languages = ["{spoken}"] }}' for name, spoken in AGENTS.values())
    (folder / "config.toml").write_text(CONFIG.replace("AGENTS", agents), encoding="utf-8")
    (folder / "sales.csv").write_text("customer,time\nk00,2024-02-01\n")
    spoken = [AGENTS[CODES[number % len(CODES)]][1] for number in range(N_EACH * len(CODES))]
    rows = [f"k{number:02},N{number},{word},+39 0{number}" for number, word in enumerate(spoken)]
    (folder / "people.csv").write_text("\n".join(["id,Name,Lang,Phone", *rows]) + "\n", encoding="utf-8")
    with (folder / "today.parquet").open("wb") as stream:
        write_parquet(scores(), stream)
    return Project(folder / "config.toml")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> CallListResult:
    folder = tmp_path_factory.mktemp("desk")
    return desk_in(folder).call_list(scores=folder / "today.parquet")


@pytest.fixture(scope="module")
def book(listed: CallListResult) -> openpyxl.Workbook:
    return openpyxl.load_workbook(listed.outputs[0])


def lines_of(book: openpyxl.Workbook, code: str) -> list[dict[str, object]]:
    """The lines of a sheet, by the column's own name."""
    sheet, spoken = book[AGENTS[code][0]], language(code)
    names = (
        "customer_id",
        "name",
        "language",
        "phone",
        "action",
        "channel",
        "risk_band",
        "stage",
        "value_at_risk",
        "opening",
        "listed",
    )
    names += ("reason_1", "reason_2", "reason_3", "line_key", *OUTCOME_COLUMNS)
    headings = [cell.value for cell in sheet[1]]
    places = {name: headings.index(spoken.text(title(name))) for name in names}
    return [{name: row[place] for name, place in places.items()} for row in sheet.iter_rows(min_row=2)]


@pytest.mark.parametrize("code", CODES)
def test_every_heading_of_a_sheet_is_in_its_language(book: openpyxl.Workbook, code: str) -> None:
    headings = [cell.value for cell in book[AGENTS[code][0]][1]]
    assert all(headings)
    if code != "en":
        english = {cell.value for cell in book["Ann"][1]}
        assert set(headings) & english <= {"Nota", "Canal"}
        assert all(heading in language(code).texts.values() for heading in headings)


REASONS = {
    "en": ("last purchase 74 days ago", "spent €1,234.50 in the last 365 days", "a loyal customer (speaks for staying)"),
    "fr": (
        "dernier achat il y a 74 jours",
        "a dépensé 1\u202f234,50\u00a0€ au cours des 365 derniers jours",
        "client fidèle (signe qu'il reste)",
    ),
    "it": (
        "ultimo acquisto 74 giorni fa",
        "ha speso 1.234,50\u00a0€ negli ultimi 365 giorni",
        "cliente fedele (segno che resta)",
    ),
    "pt_BR": (
        "última compra há 74 dias",
        "gastou €\u00a01.234,50 nos últimos 365 dias",
        "cliente fiel (sinal de que fica)",
    ),
    "zh_Hans": ("最后一次购买在 74 天前", "最近 365 天消费 €1,234.50", "忠诚客户（说明倾向于留下）"),
}
GREETINGS = {"en": "Good day ", "fr": "Bonjour ", "it": "Buongiorno ", "pt_BR": "Olá, ", "zh_Hans": "N"}


@pytest.mark.parametrize("code", CODES)
def test_reasons_actions_and_openings_speak_the_language(book: openpyxl.Workbook, code: str) -> None:
    spoken, lines = language(code), lines_of(book, code)
    assert lines
    for line in lines:
        assert tuple(line[f"reason_{place}"].value for place in (1, 2, 3)) == REASONS[code]
        assert line["channel"].value in {spoken.text("phone"), spoken.text("visit")}
        assert line["risk_band"].value in {spoken.text(band) for band in ("high", "medium", "low")}
        assert line["listed"].value == spoken.text("new")
        assert line["stage"].value == spoken.texts.get("loyal customer", "loyal")
        if line["channel"].value == spoken.text("phone"):
            assert line["action"].value == spoken.text("loyalty points")
            assert line["opening"].value.startswith(GREETINGS[code])


def test_an_action_of_ones_own_is_called_as_its_label_says(book: openpyxl.Workbook) -> None:
    found = {
        code: {line["action"].value for line in lines_of(book, code)} - {language(code).text("loyalty points")}
        for code in CODES
    }
    named = {code: names for code, names in found.items() if names}
    assert named
    assert (
        named.items()
        <= {
            "en": {"tasting"},
            "fr": {"dégustation de thé"},
            "it": {"tea tasting"},
            "pt_BR": {"tea tasting"},
            "zh_Hans": {"tea tasting"},
        }.items()
    )


def test_amounts_and_days_are_shown_as_the_language_writes_them(book: openpyxl.Workbook) -> None:
    shown = {
        code: (lines_of(book, code)[0]["value_at_risk"].number_format, lines_of(book, code)[0]["called_on"].number_format)
        for code in CODES
    }
    assert shown == {
        "en": ('"€"#,##0', "yyyy-mm-dd"),
        "fr": ('#,##0"\u00a0€"', "dd/mm/yyyy"),
        "it": ('#,##0"\u00a0€"', "dd/mm/yyyy"),
        "pt_BR": ('"€\u00a0"#,##0', "dd/mm/yyyy"),
        "zh_Hans": ('"€"#,##0', "yyyy/m/d"),
    }


@pytest.mark.parametrize("code", CODES)
def test_what_can_come_of_a_call_is_offered_in_the_language(book: openpyxl.Workbook, code: str) -> None:
    (offered,) = book[AGENTS[code][0]].data_validations.dataValidation
    assert offered.formula1 == '"' + ",".join(language(code).text(result.replace("_", " ")) for result in RESULTS) + '"'


def test_other_files_have_the_same_columns_in_every_language(listed: CallListResult) -> None:
    table = listed.to_arrow()
    assert {"customer_id", "action", "channel", "risk_band", "opening", "reason_1", "listed"} <= set(table.column_names)
    assert set(table.column("channel").to_pylist()) <= {"phone", "visit"}
    assert set(table.column("listed").to_pylist()) == {"new"}
    agents = {name: code for code, (name, _) in AGENTS.items()}
    assert all(row["reason_1"] == REASONS[agents[row["agent"]]][0] for row in table.to_pylist())


def test_a_workbook_in_five_languages_comes_back(tmp_path: Path) -> None:
    project = desk_in(tmp_path)
    path = project.call_list(scores=tmp_path / "today.parquet").outputs[0]
    book = openpyxl.load_workbook(path)
    called = {}
    for number, code in enumerate(CODES):
        for place, line in enumerate(lines_of(book, code)):
            result = RESULTS[(number + place) % len(RESULTS)]
            line["result"].value = language(code).text(result.replace("_", " "))
            line["called_on"].value = date(2024, 2, 10)
            called[line["line_key"].value] = result
    book.save(tmp_path / "back.xlsx")
    added = project.add_outcomes(tmp_path / "back.xlsx")
    assert added.stored == len(called)
    from churnscope.project.money.outcomes import store_of

    with store_of(project.config) as store:
        assert {outcome.line_key: outcome.result for outcome in store.outcomes(called)} == called


def test_a_language_that_is_asked_for_is_that_of_every_sheet(tmp_path: Path) -> None:
    project = desk_in(tmp_path)
    italian = project.call_list(scores=tmp_path / "today.parquet", language="Italian", output=tmp_path / "list.parquet")
    rows = italian.to_arrow().to_pylist()
    assert {row["reason_1"] for row in rows} == {REASONS["it"][0]}
    openings = {row["opening"].split()[0].strip(",") for row in rows if row["channel"] == "phone"}
    assert "Bonjour" in openings  # what is said to a customer stays in the customer's language
    assert italian.run_id != project.call_list(scores=tmp_path / "today.parquet").run_id


def test_a_language_nobody_writes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Nothing is written in the language 'de'"):
        desk_in(tmp_path).call_list(scores=tmp_path / "today.parquet", language="de")


def test_scores_without_messages_keep_their_words_and_say_so(tmp_path: Path) -> None:
    project = desk_in(tmp_path)
    with (tmp_path / "today.csv").open("wb") as stream:
        write_csv(scores().drop_columns(["said_1", "said_2", "said_3"]), stream)
    result = project.call_list(scores=tmp_path / "today.csv")
    assert set(result.to_arrow().column("reason_1").to_pylist()) == {REASONS["en"][0]}
    assert any("in fr, it, pt_BR, zh_Hans they need what score writes as Parquet" in note for note in result.figures.notes)


def test_a_message_that_cannot_be_said_is_refused(tmp_path: Path) -> None:
    project = desk_in(tmp_path)
    bad = ['{"say":"{value.__class__}","with":{"value":1}}'] * (N_EACH * len(CODES))
    with (tmp_path / "bad.parquet").open("wb") as stream:
        write_parquet(scores(said_1=bad), stream)
    with pytest.raises(InputError, match="column said_1"):
        project.call_list(scores=tmp_path / "bad.parquet")


@pytest.mark.parametrize(
    ("customer", "agent", "config", "said"),
    [("fr", "it", "en", ("F",)), ("de", "it", "en", ("I",)), (None, "zh_Hans", "en", ("E",)), (None, None, None, ())],
)
def test_an_opening_is_the_customers_else_the_agents_else_the_configs(customer, agent, config, said) -> None:
    from churnscope.config.models import Action

    action = Action(channel="phone", acceptance=0.1, opening={"en": "E", "fr": ["F"], "it": ["I"]})
    assert action.openings(customer, agent, config) == said
    assert Action(channel="phone", acceptance=0.1, opening="A").openings(customer, agent, config) == ("A",)
