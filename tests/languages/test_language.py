"""How a language says a message: numbers, amounts, days, plurals."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from churnscope.languages import CODES, ENGLISH, Message, code_in, language
from churnscope.languages.numbers import Marks

BOUGHT = "bought {value:.0f} times in the last {days} days"
LINES = "{value:.1f} lines per purchase so far"
AGO = "last purchase {value:.0f} days ago"


@pytest.mark.parametrize(
    ("code", "text", "value", "said"),
    [
        ("en", AGO, 0, "last purchase 0 days ago"),
        ("en", AGO, 1, "last purchase 1 day ago"),
        ("en", AGO, 2, "last purchase 2 days ago"),
        ("en", LINES, 1.5, "1.5 lines per purchase so far"),
        ("fr", AGO, 0, "dernier achat il y a 0 jour"),
        ("fr", AGO, 1, "dernier achat il y a 1 jour"),
        ("fr", AGO, 2, "dernier achat il y a 2 jours"),
        ("fr", LINES, 1.5, "1,5 article par achat \u00e0 ce jour"),  # below two a French count is one
        ("it", AGO, 0, "ultimo acquisto 0 giorni fa"),
        ("it", AGO, 1, "ultimo acquisto 1 giorno fa"),
        ("it", AGO, 2, "ultimo acquisto 2 giorni fa"),
        ("it", LINES, 1.5, "1,5 articoli per acquisto finora"),
        ("pt_BR", AGO, 0, "\u00faltima compra h\u00e1 0 dia"),
        ("pt_BR", AGO, 1, "\u00faltima compra h\u00e1 1 dia"),
        ("pt_BR", AGO, 2, "\u00faltima compra h\u00e1 2 dias"),
        ("pt_BR", LINES, 1.5, "1,5 item por compra at\u00e9 agora"),
        ("zh_Hans", AGO, 0, "\u6700\u540e\u4e00\u6b21\u8d2d\u4e70\u5728 0 \u5929\u524d"),
        ("zh_Hans", AGO, 1, "\u6700\u540e\u4e00\u6b21\u8d2d\u4e70\u5728 1 \u5929\u524d"),
        ("zh_Hans", LINES, 1.5, "\u81f3\u4eca\u6bcf\u6b21\u8d2d\u4e70 1.5 \u4ef6"),
    ],
)
def test_counts_agree_with_their_nouns(code: str, text: str, value: float, said: str) -> None:
    assert language(code).say(Message(text, {"value": value})) == said


@pytest.mark.parametrize(
    ("code", "one", "many"),
    [
        ("en", "bought 1 time on the last day", "bought 3 times in the last 30 days"),
        ("fr", "a achet\u00e9 1 fois au cours du dernier jour", "a achet\u00e9 3 fois au cours des 30 derniers jours"),
        ("it", "ha acquistato 1 volta nell'ultimo giorno", "ha acquistato 3 volte negli ultimi 30 giorni"),
        ("pt_BR", "comprou 1 vez no \u00faltimo dia", "comprou 3 vezes nos \u00faltimos 30 dias"),
        ("zh_Hans", "\u6700\u8fd1 1 \u5929\u8d2d\u4e70 1 \u6b21", "\u6700\u8fd1 30 \u5929\u8d2d\u4e70 3 \u6b21"),
    ],
)
def test_both_counts_of_a_sentence_agree(code: str, one: str, many: str) -> None:
    assert language(code).say(Message(BOUGHT, {"value": 1.0, "days": 1})) == one
    assert language(code).say(Message(BOUGHT, {"value": 3.0, "days": 30})) == many


def test_a_count_agrees_with_the_number_that_is_shown() -> None:
    assert language("it").say(Message(AGO, {"value": 1.2})) == "ultimo acquisto 1 giorno fa"
    assert language("fr").say(Message(AGO, {"value": 1.7})) == "dernier achat il y a 2 jours"


@pytest.mark.parametrize(
    ("code", "currency", "said"),
    [
        ("en", "", "-1,234.50"),
        ("en", "GBP", "-\u00a31,234.50"),
        ("en", "JPY", "-\u00a51,234"),
        ("fr", "", "-1\u202f234,50"),
        ("fr", "EUR", "-1\u202f234,50\u00a0\u20ac"),
        ("it", "EUR", "-1.234,50\u00a0\u20ac"),
        ("pt_BR", "BRL", "-R$\u00a01.234,50"),
        ("zh_Hans", "CNY", "-\u00a51,234.50"),
    ],
)
def test_amounts_are_written_as_the_language_writes_them(code: str, currency: str, said: str) -> None:
    assert language(code, currency).marks.write(-1234.5, ",.2f") == said


def test_marks_agree_with_babel_on_amounts_and_shares() -> None:
    from babel.numbers import format_currency, format_percent

    for code in CODES[1:]:
        for currency in ("EUR", "GBP", "JPY", "BRL", "CNY"):
            for value in (0.0, 1.0, -0.004, -12.5, 999.99, 1234567.89):
                expected = format_currency(value, currency, locale=code).replace(
                    "-" + format_currency(0, currency, locale=code), format_currency(0, currency, locale=code)
                )
                assert language(code, currency).marks.write(value, ",.2f") == expected
        assert language(code).marks.write(0.25, ".0%") == format_percent(0.25, locale=code)


def test_a_sentence_of_ones_own_stays_english_with_english_numbers() -> None:
    own = Message("{value:,.1f} gifts in the last {days} days", {"value": 1234.5, "days": 30})
    assert {language(code).say(own) for code in CODES} == {"1,234.5 gifts in the last 30 days"}


def test_what_is_put_around_a_reason_is_translated_too() -> None:
    stays = Message(AGO, {"value": 2.0}, "{said} (speaks for staying)")
    assert ENGLISH.say(stays) == "last purchase 2 days ago (speaks for staying)"
    assert language("fr").say(stays) == "dernier achat il y a 2 jours (signe qu'il reste)"


def test_braces_in_a_value_mean_nothing() -> None:
    message = Message("{column} is {level}", {"column": "plan", "level": "{0} {x} %s"})
    assert [language(code).say(message)[-9:] for code in CODES] == ["{0} {x} %s"[-9:]] * 5


@pytest.mark.parametrize(
    "saved",
    [
        "[]",
        '{"say": "x"}',
        '{"say": "{value}", "with": {}}',
        '{"say": "{value.__class__}", "with": {"value": 1}}',
        '{"say": "{value:>99999999}", "with": {"value": 1}}',
        '{"say": "{value!r}", "with": {"value": 1}}',
        '{"say": "x", "with": {"value": []}}',
        '{"say": "x", "with": {}, "around": "y"}',
        '{"say": "{", "with": {}}',
        "not json",
    ],
)
def test_what_is_no_message_is_refused(saved: str) -> None:
    with pytest.raises(ValueError, match=r"message|name|value|encountered|Expecting"):
        Message.from_json(saved)


def test_days_are_written_as_the_language_writes_them() -> None:
    said = {code: language(code).day(date(2024, 2, 9)) for code in CODES}
    assert said == {"en": "2024-02-09", "fr": "09/02/2024", "it": "09/02/2024", "pt_BR": "09/02/2024", "zh_Hans": "2024/2/9"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fr", "fr"),
        ("FR_ca", "fr"),
        ("Fran\u00e7ais", "fr"),
        ("pt-BR", "pt_BR"),
        ("Brazilian Portuguese", None),
        ("portugu\u00eas", "pt_BR"),
        ("zh-CN", "zh_Hans"),
        ("\u4e2d\u6587", "zh_Hans"),
        ("English (UK)", "en"),
        ("de", None),
        ("frisian", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_told_by_code_or_name(text: str | None, code: str | None) -> None:
    assert code_in(text) == code


def test_english_needs_no_catalogue_and_no_babel() -> None:
    program = (
        "import sys; from churnscope.languages import ENGLISH, Message; "
        "ENGLISH.say(Message('{value:.0f} tickets open now', {'value': 2.0})); print('babel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


def test_plain_english_marks() -> None:
    assert [Marks().write(value, form) for value, form in ((3.0, ".1f"), (-0.1, ".0f"), (1e9, ",.4g"), (0.25, ".0%"))] == [
        "3",
        "0",
        "1,000,000,000",
        "25%",
    ]
