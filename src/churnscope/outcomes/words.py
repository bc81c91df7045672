"""The words of a list that came back, in the languages lists are written in: headers and results, however they are spelled."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time

from churnscope.outcomes.lines import KEY_DIGITS

_BETWEEN_WORDS = re.compile(r"[\s_\-'\u2019.:]+")
_KEY = re.compile(rf"[0-9a-f]{{{KEY_DIGITS}}}")
DO_NOT_CALL = "do_not_call"

# English, French, Italian, Portuguese, Chinese.
_RESULTS = {
    "reached": ("reached", "joint", "contacté", "raggiunto", "contattato", "contatado", "atendeu", "已接通"),
    "no_answer": ("no answer", "pas de réponse", "sans réponse", "nessuna risposta", "não atendeu", "sem resposta", "无人接听"),
    "accepted": ("accepted", "accepté", "accettato", "aceitou", "aceito", "接受", "已接受"),
    "refused": ("refused", "refusé", "rifiutato", "recusou", "recusado", "拒绝", "已拒绝"),
    DO_NOT_CALL: (
        "do not call",
        "ne pas appeler",
        "ne plus appeler",
        "non chiamare",
        "non richiamare",
        "não ligar",
        "不要致电",
        "请勿致电",
    ),
    "wrong_number": (
        "wrong number",
        "mauvais numéro",
        "faux numéro",
        "numero sbagliato",
        "numero errato",
        "número errado",
        "号码错误",
    ),
}
_HEADERS = {
    "line_key": ("line key", "clé de ligne", "chiave della riga", "chave da linha", "行键"),
    "result": ("result", "outcome", "résultat", "risultato", "esito", "resultado", "结果"),
    "call_back": (
        "call back",
        "callback",
        "call back on",
        "rappeler",
        "rappeler le",
        "rappel",
        "richiamare",
        "richiamare il",
        "ligar de novo",
        "ligar de novo em",
        "retornar",
        "回电",
        "回电时间",
    ),
    "day": (
        "day",
        "date",
        "called on",
        "jour",
        "appelé le",
        "giorno",
        "chiamato il",
        "data",
        "dia",
        "ligação em",
        "日期",
        "致电日期",
    ),
}


def plain(text: str) -> str:
    """`text` as words are compared: one case, one form of each letter, single blanks between words.

    Examples
    --------
    >>> plain(" Do_not  CALL ")
    'do not call'
    """
    return _BETWEEN_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _by_word(spelled: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {plain(word): meaning for meaning, words in spelled.items() for word in words}


RESULT_OF, HEADER_OF = _by_word(_RESULTS), _by_word(_HEADERS)


def key_in(cell: object) -> str | None:
    """The line key of a cell; None where it holds none.

    A spreadsheet turns a key of digits alone into a number; where that lost no digit, the key is still there.

    Examples
    --------
    >>> key_in(" 00AB12cd34ef5678"), key_in(12345), key_in("C-17")
    ('00ab12cd34ef5678', '0000000000012345', None)
    """
    if isinstance(cell, int) and not isinstance(cell, bool):
        cell = str(cell).zfill(KEY_DIGITS)
    text = cell.strip().lower() if isinstance(cell, str) else ""
    return text if _KEY.fullmatch(text) else None


def result_in(cell: object) -> str | None:
    """The result that a cell names; None where it names none."""
    return RESULT_OF.get(plain(cell)) if isinstance(cell, str) else None


def header_in(cell: object) -> str | None:
    """The meaning of a header; None where it is none of ours."""
    return HEADER_OF.get(plain(cell)) if isinstance(cell, str) else None


def day_in(cell: object, day_format: str | None) -> date | None:
    """The day of a cell, as a spreadsheet's date or as text; None where it is none.

    Parameters
    ----------
    day_format : of texts, such as `%d/%m/%Y`; None: as 2024-02-28.

    Examples
    --------
    >>> day_in("03/04/2024", None), day_in("03/04/2024", "%d/%m/%Y").isoformat()
    (None, '2024-04-03')
    """
    moment = moment_in(cell, day_format)
    return moment.date() if isinstance(moment, datetime) else moment


def moment_in(cell: object, day_format: str | None) -> date | datetime | None:
    """The day of a cell, with the time of day where it holds one."""
    if isinstance(cell, datetime):
        return cell if cell.time() != time(0) else cell.date()
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str):
        return None
    try:
        if day_format is not None:
            return datetime.strptime(cell.strip(), day_format).date()  # noqa: DTZ007 (a day has no zone)
        text = cell.strip()
        return date.fromisoformat(text) if len(text) == len("2024-02-28") else datetime.fromisoformat(text)
    except ValueError:
        return None
