"""A source's mapping as one SQL relation: typed rows, the first rule each breaks, and why it is left aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from churnscope.events.block import NO_DAY
from churnscope.sources.columns import Reading, scaled
from churnscope.sources.mapping import ID_RULES, IGNORED, Measure, SourceMapping
from churnscope.sources.parsing import FILE, LINE
from churnscope.sources.trees import cases, column, table, tree
from churnscope.sources.zones import DAY_US, FIRST_DAY

MATCHED = "is_matched"
_CASTS = {
    "money": "TRY_CAST(:x AS DOUBLE)",
    "number": "TRY_CAST(:x AS DOUBLE)",
    "flag": "TRY_CAST(:x AS BOOLEAN)",
    "truth": "CAST(TRY_CAST(:x AS BOOLEAN) AS DOUBLE)",
    "date": "CASE WHEN isfinite(:x) THEN CAST(CAST(:x AS DATE) - DATE '1970-01-01' AS INTEGER) END",
    "text": "nullif(trim(CAST(:x AS VARCHAR)), '')",
}


@dataclass(frozen=True)
class Relations:
    """Names of the relations that rows are looked up in.

    Parameters
    ----------
    raw : columns as read, with file and line, and whether a joined row was found.
    keys : (key, person, id_rule) of every key that occurs; None: every id is taken for good and who it is does not matter.
    walls : clock changes from wall time to UTC; None where walls show UTC.
    days : clock changes from UTC to local days; None where local days are those of UTC.
    """

    raw: str
    keys: str | None
    walls: str | None = None
    days: str | None = None


def key_rows(mapping: SourceMapping, raw: str) -> exp.Select:
    """Every key that occurs, once, with the id it stands for and the rule that the id breaks.

    Columns: key, rows (with this key), id (trimmed and NFC-normalised), is_trimmed, id_rule (number in `ID_RULES`, from 1;
    0 for a good id).
    """
    keys = exp.select(mapping.key.as_("key"), tree("count(*)").as_("rows")).from_(table(raw), copy=False)
    keys = keys.group_by(mapping.key, copy=False)
    named = exp.select("key", "rows", mapping.id_of_key.as_("written")).from_(keys.subquery("k", copy=False), copy=False)
    id_ = tree("nfc_normalize(trim(written, :blanks))", blanks=" \t\r\n\v\f\u00a0\u2003\u3000")
    shaped = exp.select("key", "rows", "written", id_.as_("id")).from_(named.subquery("n", copy=False), copy=False)
    rule = tree(
        "CASE WHEN coalesce(id, '') = '' THEN 1 WHEN regexp_matches(id, :control) THEN 2 "
        "WHEN regexp_full_match(id, :scientific) THEN 3 ELSE 0 END",
        control=r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]",
        scientific=r"[+-]?[0-9](\.[0-9]+)?[eE]\+[0-9]+",
    )
    trimmed = tree("id <> written").as_("is_trimmed")
    return exp.select("key", "rows", "id", trimmed, rule.as_("id_rule")).from_(shaped.subquery("s", copy=False), copy=False)


def mapped_rows(mapping: SourceMapping, relations: Relations, *, ready_us: int) -> exp.Select:
    """The checked relation of a source.

    Parameters
    ----------
    ready_us : how long after the first instant of a cutoff's day rows may still arrive.

    Returns
    -------
    A query of file, line, person, time (UTC microseconds), day, visible_day (where rows can be late), further times with their
    days, measures, `fault` (number of the first broken rule, or 0), `ignored` (number of the reason, or 0), `odd` (repeated or
    skipped wall time) and `zoned`.
    """
    rows = _with_instants(mapping, typed_rows(mapping, relations.raw), relations)
    rows = _with_days(mapping, rows, relations, ready_us)
    rows = _with_people(rows, relations.keys)
    visible = [column("visible_day")] if mapping.has_visible_day else []
    return (
        exp.select(column(FILE), column(LINE), "person", "time", "day", *visible, *_further_times(mapping))
        .select(*(column(measure.name) for measure in mapping.measures), *_verdicts(mapping), "odd", "zoned", copy=False)
        .from_(rows.subquery("r", copy=False), copy=False)
    )


def typed_rows(mapping: SourceMapping, raw: str) -> exp.Select:
    """Raw rows -> key, clocks, measures and the first broken rule that needs nothing but the row.

    Each step names its results, so that no value is read twice: texts, readings by type, values, verdict.
    """
    reader, readings = mapping.reader, mapping.readings
    columns = {reading.raw.name: reading.raw for reading in readings}
    texts = [reader.present(item).as_(item.present.name, quoted=True) for item in columns.values()]
    typed = [
        reader.typed(reading, reading.raw.present).as_(reading.tree.name, quoted=True)
        for reading in readings
        if reading.kind != "text" and not _is_clock_only(reading, mapping)
    ]
    rows = exp.select("*", *texts).from_(table(raw), copy=False)
    for step in (typed, list(_values(mapping))):
        rows = exp.select("*", *step).from_(rows.subquery("r", copy=False), copy=False)
    stored = (_stored(measure, mapping.resolution).as_(measure.name, quoted=True) for measure in mapping.measures)
    clocks = (part for item in mapping.clocks for part in (item.micros, item.zoned))
    verdict = _first_flaw(mapping).as_("flaw")
    kept = exp.select(column(FILE), column(LINE), column(MATCHED), "key", "kept", *clocks, *stored, verdict)
    return kept.from_(rows.subquery("r", copy=False), copy=False)


def local_day(instant: exp.Expr, zone: str | None) -> exp.Expr:
    """The day of an instant, moved by the joined clock changes `zone`."""
    return day_of(moved(instant, zone) if zone else instant)


def _is_clock_only(reading: Reading, mapping: SourceMapping) -> bool:
    """Whether a reading is needed as microseconds only, and not as a value inside an expression."""
    plain_clocks = [item.value for item in mapping.clocks if item.value.plain]
    return reading.kind == "time" and all(value in plain_clocks for value in mapping.values if reading in value.reads)


def _values(mapping: SourceMapping) -> Iterator[exp.Expr]:
    """Key, clocks, measures and whether the row counts."""
    yield mapping.key.as_("key")
    for item in mapping.clocks:
        yield item.clock.micros.as_(item.micros.name)
        yield item.clock.zoned.as_(item.zoned.name)
    for measure in mapping.measures:
        yield _cast(measure).as_(measure.read.name, quoted=True)
    where = mapping.where
    kept = tree("coalesce(TRY_CAST(:x AS BOOLEAN), FALSE)", x=where.tree) if where else exp.true()
    yield kept.as_("kept")


def _first_flaw(mapping: SourceMapping) -> exp.Expr:
    numbered = enumerate(mapping.flaws, start=len(ID_RULES) + 2)
    return cases([(broken, number) for number, (_, broken) in numbered], otherwise=exp.convert(0))


def _verdicts(mapping: SourceMapping) -> Iterator[exp.Expr]:
    """`fault` and `ignored` of a row."""
    ignores = mapping.source.missing_customer == "ignore"
    id_rule = tree("CASE WHEN id_rule > :accepted THEN id_rule + 1 END", accepted=1 if ignores else 0)
    broken = {"id_rule": id_rule, "flaw": _flaw_or_disorder(mapping)}
    yield tree("CAST(coalesce(CASE WHEN NOT is_matched THEN 1 END, :id_rule, :flaw) AS UTINYINT)", **broken).as_("fault")
    yield tree(
        "CAST(CASE WHEN NOT kept THEN :outside WHEN id_rule = 1 THEN :nobody ELSE 0 END AS UTINYINT)",
        outside=IGNORED.index("where") + 1,
        nobody=IGNORED.index("no_customer") + 1,
    ).as_("ignored")


def _flaw_or_disorder(mapping: SourceMapping) -> exp.Expr:
    """The number of the first flaw, else that of the first two times that contradict each other."""
    first = len(mapping.rules) - len(mapping.order_flaws) + 1
    disorders = [
        (tree("flaw = 0 AND :broken", broken=broken), number) for number, (_, broken) in enumerate(mapping.order_flaws, first)
    ]
    return cases(disorders, otherwise=column("flaw"))


def _further_times(mapping: SourceMapping) -> Iterator[exp.Expr]:
    """The instants and days of further times; a day that no day is, where there is none."""
    for name in mapping.further_clocks:
        yield tree("coalesce(:x, 0)", x=column(name)).as_(name, quoted=True)
        yield tree("coalesce(:x, :none)", x=column(f"{name}_day"), none=NO_DAY).as_(f"{name}_day", quoted=True)


def _cast(measure: Measure) -> exp.Expr:
    """A measure as number, flag or text; NULL where it is none."""
    if measure.kind == "text" and measure.value.plain:  # trimmed already
        return tree("CAST(:x AS VARCHAR)", x=measure.value.tree)
    return tree(_CASTS[measure.kind], x=measure.value.tree)


def _stored(measure: Measure, resolution: float) -> exp.Expr:
    """A measure in the type in which it travels."""
    if measure.kind == "money":
        return tree("coalesce(:x, 0)", x=scaled(measure.read, resolution))
    if measure.kind in {"number", "truth"}:
        return tree("coalesce(:x, CAST('NaN' AS DOUBLE))", x=measure.read)
    if measure.kind == "date":
        return tree("coalesce(:x, :none)", x=measure.read, none=NO_DAY)
    if measure.kind == "flag":
        return tree("coalesce(:x, FALSE)", x=measure.read)
    # A hash is never NULL, not even that of NULL.
    code = tree("CASE WHEN :x IS NULL THEN 0 ELSE hash(:x) END", x=measure.read)
    words = enumerate(measure.plain_words, start=1)
    return cases([(tree(":x = :word", x=measure.plain_word, word=word), number) for number, word in words], otherwise=code)


def _with_instants(mapping: SourceMapping, rows: exp.Select, relations: Relations) -> exp.Select:
    """The clocks as UTC instants; whether the wall time was odd."""
    outer = exp.select("r.*").from_(rows.subquery("r", copy=False), copy=False)
    odd: exp.Expr = exp.convert(0)
    for item in mapping.clocks:
        name, micros, zoned = item.name, item.micros, item.zoned
        if item.clock.zoned == exp.true() or not relations.walls:
            outer.select(micros.as_(name), copy=False)
            continue
        zone = f"{name}_zone"
        outer.join(table(relations.walls).as_(zone), on=same_day(micros, zone), join_type="left", copy=False)
        parts = {"zoned": zoned, "micros": micros, "moved": moved(micros, zone)}
        outer.select(tree("CASE WHEN :zoned THEN :micros ELSE :moved END", **parts).as_(name), copy=False)
        odd = _odd(micros, zone, zoned) if name == "time" else odd
    if not mapping.has_time:
        no_time = tree("CAST(NULL AS BIGINT)").as_("time")
        return outer.select(no_time, odd.as_("odd"), exp.false().as_("zoned"), copy=False)
    return outer.select(odd.as_("odd"), column("time_zoned").as_("zoned"), copy=False)


def _with_days(mapping: SourceMapping, rows: exp.Select, relations: Relations, ready_us: int) -> exp.Select:
    """The local day of each row and of its further times, and the first cutoff day at which it is known."""
    outer = exp.select("r.*").from_(rows.subquery("r", copy=False), copy=False)
    instants: dict[str, exp.Expr] = {"day": column("time")}
    instants |= {f"{name}_day": column(name) for name in mapping.further_clocks}
    if mapping.has_visible_day:
        arrival = column("known" if mapping.has_known else "time")
        # Known at the very instant at which a cutoff's job runs is not known to it yet: hence the last microsecond before.
        instants["visible_day"] = tree(":arrival - :late", arrival=arrival, late=ready_us + 1)
    for name, instant in instants.items():
        zone = f"{name}_zone" if relations.days else None
        if relations.days and zone:
            outer.join(table(relations.days).as_(zone), on=same_day(instant, zone), join_type="left", copy=False)
        extra = 0 if name != "visible_day" else 1 + (0 if mapping.has_known else mapping.source.delay_days)
        day = tree("CAST(:day + :extra AS INTEGER)", day=local_day(instant, zone), extra=extra)
        outer.select(day.as_(name), copy=False)
    return outer


def _with_people(rows: exp.Select, keys: str | None) -> exp.Select:
    """Who each row is of, and the rule that the id breaks."""
    outer = exp.select("r.*").from_(rows.subquery("r", copy=False), copy=False)
    if keys is None:
        return outer.select(exp.convert(0).as_("person"), exp.convert(0).as_("id_rule"), copy=False)
    same = tree("r.key IS NOT DISTINCT FROM k.key")
    outer.select("k.person", "k.id_rule", copy=False)
    return outer.join(table(keys).as_("k"), on=same, join_type="left", copy=False)


def day_of(micros: exp.Expr) -> exp.Expr:
    """The day of a wall time. Days are counted from 1900 so that division, which rounds towards zero, rounds down."""
    return tree("(:x - :origin) // :day + :first", x=micros, origin=FIRST_DAY * DAY_US, day=DAY_US, first=FIRST_DAY)


def same_day(micros: exp.Expr, zone: str) -> exp.Expr:
    """Whether the row of the joined clock changes `zone` is that of the time's day."""
    return tree(":zone_day = :day", zone_day=exp.column("day", table=zone), day=day_of(micros))


def moved(micros: exp.Expr, zone: str) -> exp.Expr:
    """A time moved by the joined clock changes `zone`."""
    names = {name: exp.column(name, table=zone) for name in ("switch", "before", "after")}
    return tree(":x + CASE WHEN :x < :switch THEN :before ELSE :after END", x=micros, **names)


def _odd(micros: exp.Expr, zone: str, zoned: exp.Expr) -> exp.Expr:
    names = {name: exp.column(name, table=zone) for name in ("odd", "odd_from", "odd_until")}
    is_odd = tree("NOT :zoned AND :x >= :odd_from AND :x < :odd_until", zoned=zoned, x=micros, **names)
    return tree("CASE WHEN :is_odd THEN :odd ELSE :regular END", is_odd=is_odd, odd=names["odd"], regular=0)
