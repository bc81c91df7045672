"""How the times of a column are written, and what tells the day from the month."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise, product

from churnscope.discovery.guesses import counted, percent

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_PARTS = {
    "%Y": r"(?P<Y>(?:19|20|21)\d\d)",
    "%y": r"(?P<y>\d\d)",
    "%m": r"(?P<m>0?[1-9]|1[0-2])",
    "%d": r"(?P<d>0?[1-9]|[12]\d|3[01])",
    "%b": rf"(?P<b>{'|'.join(_MONTHS)})",
    "%B": rf"(?P<B>{'|'.join(_LONG_MONTHS)})",
    "%H": r"(?P<H>[01]?\d|2[0-3])",
    "%I": r"(?P<I>0?[1-9]|1[0-2])",
    "%M": r"(?P<M>[0-5]\d)",
    "%S": r"(?P<S>[0-5]\d|60)",
    "%f": r"(?P<f>\d{1,9})",
    "%p": r"(?P<p>[AP]M)",
    "%z": r"(?P<z>[+-]\d\d:?\d\d)",
}
_DAYS = (
    *(f"%d{sign}%m{sign}{year}" for sign in "/.-" for year in ("%Y", "%y")),
    *(f"%m{sign}%d{sign}{year}" for sign in "/.-" for year in ("%Y", "%y")),
    *("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d %B %Y"),
    *("%b %d, %Y", "%b %d %Y", "%B %d, %Y", "%B %d %Y"),
)
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S %z")
FORMATS = (
    *(f"{day}{join if clock else ''}{clock}" for day, clock, join in product(_DAYS, _CLOCKS, " T") if clock or join == " "),
    *("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S %z"),
)
# What the engine reads without being told: "timestamp".
_ISO = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"([T ](?P<H>\d{1,2}):(?P<M>\d\d)(:(?P<S>\d\d)(\.(?P<f>\d+))?)?(?: ?(?P<z>[Zz]|[+-]\d\d(?::?\d\d)?))?)?"
)
TIMESTAMP = "timestamp"
_EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1_000, "epoch_microseconds": 1_000_000}
_FIRST_EPOCH, _LAST_EPOCH = 473_385_600, 4_102_444_800  # 1985 to 2100: what is shorter may be any number
_WORDS = {TIMESTAMP: "ISO dates"}
_NUMBER = re.compile(r"\d+(\.\d+)?")
_PROBED = 80
_ENOUGH = 0.9


@dataclass(frozen=True)
class Times:
    """A column of times, read.

    Parameters
    ----------
    type : "timestamp" (ISO text, or a typed column), an epoch, or a format: what stands under `types`.
    moments : present values as wall times, None where a value is no time; in the order of the sample.
    evidence : what speaks for it.
    check : whether something speaks against it.
    offsets : offsets from UTC that the values carry.
    twin : the other reading, with day and month exchanged, where both are possible.
    second : a second way in which some of the times are written; empty where there is one way.
    """

    type: str
    moments: tuple[datetime | None, ...] = field(repr=False)
    evidence: str = ""
    check: bool = False
    offsets: frozenset[str] = frozenset()
    twin: Times | None = None
    second: str = ""

    @property
    def fits(self) -> int:
        """Values that are times when read so."""
        return sum(moment is not None for moment in self.moments)

    @property
    def good(self) -> list[datetime]:
        """The times there are."""
        return [moment for moment in self.moments if moment is not None]

    @property
    def is_epoch(self) -> bool:
        """Whether they are numbers since 1970."""
        return self.type in _EPOCHS

    @property
    def has_clock(self) -> bool:
        """Whether a time of day is known."""
        return self.is_epoch or any((moment.hour, moment.minute, moment.second) != (0, 0, 0) for moment in self.good)

    @property
    def words(self) -> str:
        """How they are written, for people."""
        return " or ".join(_WORDS.get(form, form.replace("_", " ")) for form in (self.type, self.second) if form)


def read_times(values: Sequence[str], *, today: date, may_be_epoch: bool, day_first_hint: bool = False) -> Times | None:
    """How the times of a column are written; None where they are no times.

    Parameters
    ----------
    values : present values, in the order of the file.
    today : later days speak against a reading.
    may_be_epoch : whether numbers may stand for times; the name of the column says so.
    day_first_hint : whether the file comes from where commas stand before decimals, and days before months.

    Examples
    --------
    >>> found = read_times(["31/01/2024", "01/02/2024"], today=date(2025, 1, 1), may_be_epoch=False)
    >>> found.type, found.evidence
    ('%d/%m/%Y', 'all 2 sampled values fit %d/%m/%Y, 1 of them only day first')
    """
    if may_be_epoch and (epoch := _epochs(values)):
        return epoch
    distinct = list(dict.fromkeys(values))
    probed = distinct[:: max(1, len(distinct) // _PROBED)]
    likely = [form for form in (TIMESTAMP, *FORMATS) if _fits_most(form, probed)]
    if not likely:
        return None
    best = max((_read(form, values, distinct) for form in likely), key=lambda times: times.fits)
    if best.fits < len(values) and (both := _with_second(best, values)):
        return both
    if best.fits < _ENOUGH * len(values):
        return None
    exchanged = _twin(best.type)
    twin = _read(exchanged, values, distinct) if exchanged else None
    if twin is not None and twin.fits == best.fits:
        return _decided(best, twin, today, day_first_hint=day_first_hint)
    return _plain(best, twin, values)


def offsets_of(values: Sequence[str]) -> frozenset[str]:
    """The offsets from UTC that ISO values carry, as +01:00; Z is +00:00."""
    found = {match["z"] for value in set(values) if (match := _ISO.fullmatch(value)) and match["z"]}
    return frozenset("+00:00" if sign in "Zz" else f"{sign[:3]}:{sign[3:].strip(':') or '00'}" for sign in found)


def _fits_most(form: str, probed: Sequence[str]) -> bool:
    pattern = _pattern(form)
    return sum(pattern.fullmatch(value) is not None for value in probed) >= 0.5 * len(probed) > 0


def _read(form: str, values: Sequence[str], distinct: Sequence[str]) -> Times:
    pattern = _pattern(form)
    moments = {value: _moment(pattern, value) for value in distinct}
    return Times(form, tuple(moments[value] for value in values))


def _with_second(best: Times, values: Sequence[str]) -> Times | None:
    """Times written in two ways, such as with and without a time of day; never with day and month in either order."""
    rest = [value for value, moment in zip(values, best.moments, strict=True) if moment is None]
    distinct = list(dict.fromkeys(rest))
    others = [form for form in (TIMESTAMP, *FORMATS) if form != best.type and _fits_most(form, distinct[:_PROBED])]
    others = [form for form in others if {form[:2], best.type[:2]} != {"%d", "%m"}]
    if not others or offsets_of(values):
        return None
    second = max((_read(form, rest, distinct) for form in others), key=lambda times: times.fits)
    exchanged = _twin(best.type)
    if second.fits < _ENOUGH * len(rest) or (
        exchanged and _read(exchanged, values, list(dict.fromkeys(values))).fits >= best.fits
    ):
        return None
    left = iter(second.moments)
    moments = tuple(moment if moment is not None else next(left) for moment in best.moments)
    fits = sum(moment is not None for moment in moments)
    evidence = f"{best.fits:,} of {len(values):,} sampled values {_fit(best)}, {second.fits:,} {_fit(second)}"
    return Times(best.type, moments, evidence, check=fits < 0.99 * len(values), second=second.type)


def _plain(best: Times, twin: Times | None, values: Sequence[str]) -> Times:
    total = len(values)
    evidence = f"{percent(best.fits, total)} sampled values {_fit(best)}"
    check = best.fits < 0.99 * total
    if twin is not None:
        only = sum(mine is not None and other is None for mine, other in zip(best.moments, twin.moments, strict=True))
        other = sum(mine is None and other is not None for mine, other in zip(best.moments, twin.moments, strict=True))
        evidence += f", {only:,} of them only {_order(best.type)}"
        if other:
            evidence += f"; {other:,} fit only {_order(twin.type)}: two ways of writing dates are mixed"
            check = True
    offsets = offsets_of(values) if best.type == TIMESTAMP else frozenset()
    return Times(best.type, best.moments, evidence, check, offsets)


def _fit(times: Times) -> str:
    return "are ISO dates" if times.type == TIMESTAMP else f"fit {times.type}"


def _decided(one: Times, other: Times, today: date, *, day_first_hint: bool) -> Times:
    """The likelier of two readings that fit equally well: it stays a guess."""
    reasons = _reasons(one, other, today)
    likelier, why = next(((times, why) for times, why in reasons if times is not None), (None, ""))
    if likelier is None:
        day_first = one if one.type.startswith("%d") else other
        month_first = other if day_first is one else one
        is_day = day_first_hint or "/" not in one.type
        likelier = day_first if is_day else month_first
        why = f"{'dots, dashes or semicolons' if is_day else 'commas and slashes'} often go with it; nothing else tells"
    twin = other if likelier is one else one
    evidence = f"all {likelier.fits:,} sampled values may be day first or month first; {_order(likelier.type)}, since {why}"
    return Times(likelier.type, likelier.moments, evidence, check=True, twin=twin)


def _reasons(one: Times, other: Times, today: date) -> list[tuple[Times | None, str]]:
    """Which reading each kind of evidence is for, strongest first."""
    future = [sum((moment.date() - today).days > 1 for moment in times.good) for times in (one, other)]
    order = [_ordered_share(times.good) for times in (one, other)]
    span = [(max(times.good) - min(times.good)).days for times in (one, other)]
    better = one if order[0] > order[1] else other
    shorter = one if span[0] < span[1] else other
    return [
        (
            None if (future[0] > 0) == (future[1] > 0) else one if future[0] == 0 else other,
            f"{max(future):,} of them would lie in the future the other way",
        ),
        (
            better if max(order) > 0.9 and abs(order[0] - order[1]) > 0.02 else None,
            f"{max(order):.0%} of the rows are then in order of time, {min(order):.0%} the other way",
        ),
        (
            shorter if 3 * min(span) < max(span) else None,
            f"they then span {counted(min(span), 'day')}, {max(span):,} the other way",
        ),
    ]


def _ordered_share(moments: Sequence[datetime]) -> float:
    """Share of neighbours in order of time, rising or falling."""
    pairs = [(a, b) for a, b in pairwise(moments) if a != b]
    rising = sum(a < b for a, b in pairs)
    return max(rising, len(pairs) - rising) / len(pairs) if pairs else 0.0


def _order(form: str) -> str:
    return "day first" if form.startswith("%d") else "month first"


def _twin(form: str) -> str | None:
    """The format with day and month exchanged."""
    if "%b" in form or "%B" in form or form[:2] not in {"%d", "%m"}:
        return None
    return form[:3].translate(str.maketrans("dm", "md")) + form[3:5].translate(str.maketrans("dm", "md")) + form[5:]


@cache
def _pattern(form: str) -> re.Pattern[str]:
    if form == TIMESTAMP:
        return _ISO
    pieces = re.split(r"(%[a-zA-Z])", form)
    return re.compile("".join(_PARTS.get(piece, re.escape(piece)) for piece in pieces), re.IGNORECASE)


def _moment(pattern: re.Pattern[str], text: str) -> datetime | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    try:
        return datetime(_year(parts), _month(parts), int(parts["d"]), _hour(parts), *_rest(parts))  # noqa: DTZ001 - a wall time
    except ValueError:
        return None


def _year(parts: Mapping[str, str]) -> int:
    if "Y" in parts:
        return int(parts["Y"])
    short = int(parts["y"])
    return 1900 + short if short >= 69 else 2000 + short


def _month(parts: Mapping[str, str]) -> int:
    if "m" in parts:
        return int(parts["m"])
    return _MONTHS.index((parts.get("b") or parts["B"])[:3].lower()) + 1


def _hour(parts: Mapping[str, str]) -> int:
    if "I" in parts:
        return int(parts["I"]) % 12 + (12 if parts["p"].upper() == "PM" else 0)
    return int(parts.get("H", 0))


def _rest(parts: Mapping[str, str]) -> tuple[int, int]:
    return int(parts.get("M", 0)), min(int(parts.get("S", 0)), 59)


def _epochs(values: Sequence[str]) -> Times | None:
    numbers = [float(value) for value in values if _NUMBER.fullmatch(value)]
    if len(numbers) < _ENOUGH * len(values) or not numbers:
        return None
    for name, factor in _EPOCHS.items():
        inside = sum(_FIRST_EPOCH * factor <= number < _LAST_EPOCH * factor for number in numbers)
        if inside >= _ENOUGH * len(values):
            moments = tuple(_of_epoch(value, factor) for value in values)
            words = name.replace("_", " ").replace("epoch", "")
            years = sorted({moment.year for moment in moments if moment is not None})
            evidence = f"{percent(inside, len(values))} sampled values are{words} since 1970, of {_years(years)}"
            return Times(name, moments, evidence, check=inside < 0.99 * len(values))
    return None


def _years(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]} to {years[-1]}"


def _of_epoch(value: str, factor: int) -> datetime | None:
    if not _NUMBER.fullmatch(value) or not _FIRST_EPOCH <= float(value) / factor < _LAST_EPOCH:
        return None
    return datetime.fromtimestamp(float(value) / factor, UTC).replace(tzinfo=None)
