"""Every feature of the catalogue again, by name, for one customer at one cutoff."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from oracle.history import NAN, NO_DAY, History, Row, codes, divide, known, longest_run, mean, newest, spread, suffix

Answers = dict[str, float]
EPOCH = date(1970, 1, 1)
ORACLES: dict[str, Callable[[History], Answers]] = {}


def oracle(function: Callable[[History], Answers]) -> Callable[[History], Answers]:
    ORACLES[function.__name__] = function
    return function


@oracle
def recency(h: History) -> Answers:
    days = h.days()
    return {
        f"days_since_last_{h.noun}": h.cutoff - days[-1] if days else NAN,
        f"days_since_previous_{h.noun}": h.cutoff - days[-2] if len(days) > 1 else NAN,
    }


@oracle
def overdue(h: History) -> Answers:
    gaps, pause = h.gaps(), h.since_last()
    return {
        f"{h.noun}_overdue_ratio": divide(pause, mean(gaps)),
        f"{h.noun}_longest_pause_ratio": divide(pause, max(gaps, default=NAN)),
        f"{h.noun}_overdue_spreads": divide(pause - mean(gaps), spread(gaps)),
    }


@oracle
def frequency(h: History) -> Answers:
    return {f"{h.noun}_count_{suffix(w)}": h.count(w) for w in h.windows}


@oracle
def active_days(h: History) -> Answers:
    return {f"{h.noun}_days_{suffix(w)}": len(h.days(w)) for w in h.windows}


@oracle
def week_streaks(h: History) -> Answers:
    return streaks(h, 7, "week")


@oracle
def day_streaks(h: History) -> Answers:
    return streaks(h, 1, "day")


def streaks(h: History, period: int, name: str) -> Answers:
    def spans(window: int | None) -> set[int]:
        return {(h.cutoff - 1 - day) // period for day in h.days(window)}

    current = 0
    while current in spans(None):
        current += 1
    longest = {f"longest_{h.noun}_{name}_streak_{suffix(w)}": longest_run(spans(w)) for w in h.long_windows}
    return {f"{h.noun}_{name}_streak": current, **longest}


@oracle
def trend(h: History) -> Answers:
    answers = {}
    for short, long in h.neighbours:
        recent, before = h.count(short), h.count(long) - h.count(short)
        answers[f"{h.noun}_count_{short}d_of_{long}d"] = divide(recent, recent + before)
        answers[f"{h.noun}_rate_{short}d_to_before_{long}d"] = divide(recent / short, before / (long - short))
    return answers


@oracle
def spend_trend(h: History) -> Answers:
    answers = {}
    for short, long in h.neighbours:
        recent = h.units("amount", short)
        before = h.units("amount", long) - recent
        answers[f"spend_{short}d_of_{long}d"] = divide(recent, recent + before)
        answers[f"spend_rate_{short}d_to_before_{long}d"] = divide(recent / short, before / (long - short))
    return answers


@oracle
def own_norm(h: History) -> Answers:
    answers = {f"last_{h.noun}_gap_to_norm": divide(h.gaps()[-1], mean(h.gaps())) if h.gaps() else NAN}
    for length in h.lengths:
        expected = expectation(h, h.count() - h.count(length), length)
        answers[f"expected_{h.noun}_count_{length}d"] = expected
        answers[f"{h.noun}_count_{length}d_to_norm"] = divide(h.count(length), expected)
        answers[f"{h.noun}_shortfall_{length}d"] = divide(expected - h.count(length), math.sqrt(expected))
    return answers


@oracle
def spend_norm(h: History) -> Answers:
    def answer(length: int) -> float:
        recent = h.units("amount", length)
        return divide(recent, expectation(h, h.units("amount") - recent, length))

    return {f"spend_{length}d_to_norm": answer(length) for length in h.lengths}


def expectation(h: History, earlier: float, length: int) -> float:
    days = h.since_first() - length
    return earlier / days * length if days > 0 else NAN


@oracle
def regularity(h: History) -> Answers:
    answers = {}
    for w in h.long_windows:
        gaps, s = h.gaps(w), suffix(w)
        answers |= {
            f"{h.noun}_gap_mean_days_{s}": mean(gaps),
            f"{h.noun}_gap_std_days_{s}": spread(gaps),
            f"{h.noun}_gap_cv_{s}": divide(spread(gaps), mean(gaps)),
            f"{h.noun}_gap_max_days_{s}": max(gaps, default=NAN),
        }
    answers[f"last_{h.noun}_gap_days"] = h.gaps()[-1] if h.gaps() else NAN
    answers[f"{h.noun}_gap_log_mean_ever"] = mean([math.log(gap) for gap in h.gaps()])
    return answers | {f"{h.noun}_clumpiness_{w}d": clumpiness(h, w) for w in h.lengths[-2:]}


def clumpiness(h: History, window: int) -> float:
    """Days of the window are numbered 1 to `window`; the parts lie between 0, the active days and window + 1."""
    days = [day - (h.cutoff - window) + 1 for day in h.days(window)]
    if not days:
        return NAN
    marks = [0, *days, window + 1]
    parts = [(later - earlier) / (window + 1) for earlier, later in pairwise(marks)]
    return 1 + math.fsum(part * math.log(part) for part in parts) / math.log(len(days) + 1)


@oracle
def tenure(h: History) -> Answers:
    between = h.since_first() - h.since_last()
    return {
        f"days_since_first_{h.noun}": h.since_first(),
        f"first_to_last_{h.noun}_days": between,
        f"repeat_{h.noun}_days": max(len(h.days()) - 1, 0),
        f"active_share_of_{h.noun}_tenure": divide(between, h.since_first()),
    }


@oracle
def membership(h: History) -> Answers:
    return {"tenure_days": age(h, "start")}


def held(h: History, name: str) -> float:
    """The value in each source's last row, unless that has ended or does not know it; the first source counts."""
    for number in (0, 1):
        last = [row for row in h.rows if row.source == number][-1:]
        for row in last:
            has_ended = row.valid_to != NO_DAY and row.valid_to < h.cutoff
            value = row.signals[name]
            is_text = name in h.levels or name == "referred_by"
            missing = math.isnan(value) or (name in h.dates and not NO_DAY < value < h.cutoff) or (is_text and value == 0)
            if not has_ended and not missing:
                return value
    return NAN


def age(h: History, name: str) -> float:
    day = held(h, name)
    return h.cutoff - day


def is_level(h: History, column: str) -> Answers:
    value = held(h, column)
    words = {"North": "north", "South": "south", "web": "web"}
    return {
        f"{column}_is_{words[level.name]}": NAN if math.isnan(value) else float(value == level.code)
        for level in h.levels[column]
    }


def whole_years(birthday: date, today: date) -> int:
    """Counted by going from birthday to birthday."""
    years = 0
    while True:
        year = birthday.year + years + 1
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        anniversary = (
            date(year, 3, 1) if (birthday.month, birthday.day) == (2, 29) and not is_leap else birthday.replace(year=year)
        )
        if anniversary > today:
            return years
        years += 1


@oracle
def person(h: History) -> Answers:
    born, today = held(h, "birthday"), EPOCH + timedelta(h.cutoff)
    alive = not math.isnan(born)
    known = [row for n in (0, 1) for row in [row for row in h.rows if row.source == n][-1:]]
    holding = [row for row in known if row.valid_to == NO_DAY or row.valid_to >= h.cutoff]
    return {
        "age_years": whole_years(EPOCH + timedelta(born), today) if alive else NAN,
        "acquisition_cost": held(h, "acquisition_cost"),
        "was_referred": float(any(row.referred_by for row in holding)) if holding else NAN,
        **is_level(h, "acquisition_channel"),
    }


@oracle
def loyalty(h: History) -> Answers:
    return {"in_loyalty_programme": held(h, "loyalty"), "days_in_loyalty_programme": age(h, "loyalty_since")}


@oracle
def attributes(h: History) -> Answers:
    moved = {"days_since_moved": age(h, "moved")}
    return {"fee": held(h, "fee"), "paper": held(h, "paper"), **moved, **is_level(h, "region")}


@oracle
def beginning(h: History) -> Answers:
    unit, days = "lines" if h.noun == "purchase" else f"{h.noun}s", h.days()
    return {
        f"first_{h.noun}_{unit}": sum(row.day == days[0] for row in h.kept),
        f"days_to_second_{h.noun}": days[1] - days[0] if len(days) > 1 else NAN,
    }


@oracle
def first_purchase(h: History) -> Answers:
    units = sum(int(row.amount) for row in h.kept if row.day == h.days()[0])
    return {
        "first_purchase_spend": units * h.resolution if h.kept else NAN,
        "first_purchase_share_of_spend": divide(units, h.units("amount")),
    }


@oracle
def monetary(h: History) -> Answers:
    answers = {}
    for w in h.windows:
        answers[f"spend_{suffix(w)}"] = sum(int(row.amount) for row in h.within(h.rows, w)) * h.resolution
        answers[f"mean_purchase_value_{suffix(w)}"] = divide(h.units("amount", w) * h.resolution, h.count(w))
    for w in h.long_windows:
        amounts = known(h.within(h.kept, w), "amount")
        answers[f"amount_std_{suffix(w)}"] = spread(amounts) * h.resolution
        answers[f"largest_amount_{suffix(w)}"] = max(amounts, default=NAN) * h.resolution
    answers["smallest_amount_ever"] = min(known(h.kept, "amount"), default=NAN) * h.resolution
    answers["last_amount"] = newest(h.kept, "amount") * h.resolution
    return answers


@oracle
def basket_value(h: History) -> Answers:
    def value(window: int | None) -> float:
        return divide(h.units("amount", window), h.count(window))

    return {f"purchase_value_{suffix(w)}_of_ever": divide(value(w), value(None)) for w in h.main_windows[:-1]}


@oracle
def lines(h: History) -> Answers:
    return {f"lines_per_purchase_{suffix(w)}": divide(len(h.within(h.kept, w)), h.count(w)) for w in h.main_windows}


@oracle
def units(h: History) -> Answers:
    answers = {}
    for w in h.main_windows:
        bought = math.fsum(known(h.within(h.kept, w), "quantity"))
        answers |= {f"units_{suffix(w)}": bought, f"units_per_purchase_{suffix(w)}": divide(bought, h.count(w))}
    return answers


@oracle
def products(h: History) -> Answers:
    return variety(h, "product", "product")


@oracle
def categories(h: History) -> Answers:
    return variety(h, "category", "category")


@oracle
def kinds(h: History) -> Answers:
    return variety(h, "kind", "kind")


@oracle
def channels(h: History) -> Answers:
    answers = variety(h, "channel", f"{h.noun}_channel")
    there = [row for row in h.kept if row.channel != 0]
    first = max((row.channel for row in there if row.time == there[0].time), default=0)
    for w in h.main_windows:
        seen = codes(h.within(h.kept, w), "channel")
        answers[f"{h.noun}_first_channel_share_{suffix(w)}"] = divide(seen.count(first), len(seen))
    return answers


def variety(h: History, column: str, name: str) -> Answers:
    answers = {}
    for w in h.main_windows:
        answers[f"{name}_count_{suffix(w)}"] = len(set(codes(h.within(h.kept, w), column)))
    for w in h.main_windows[:-1]:
        now = set(codes(h.within(h.kept, w), column))
        before = set(codes([row for row in h.kept if row.day < h.cutoff - w], column))
        answers[f"new_{name}_share_{suffix(w)}"] = divide(len(now - before), len(now))
    values = codes(h.kept, column)
    squares = sum(values.count(value) ** 2 for value in set(values))
    return answers | {f"{name}_concentration_ever": divide(squares, len(values) ** 2)}


@oracle
def each_kind(h: History) -> Answers:
    answers, long, length = {}, h.lengths[-1], (h.lengths[1:-1] or h.lengths)[0]
    for level in h.levels["kind"]:
        rows, name = [row for row in h.kept if row.kind == level.code], f"{h.noun}_{level.name}"
        recent = len(h.within(rows, length))
        answers[f"{name}_share_{long}d"] = divide(len(h.within(rows, long)), len(h.within(h.kept, long)))
        answers[f"days_since_last_{name}"] = h.cutoff - rows[-1].day if rows else NAN
        answers[f"{name}_count_{length}d_to_norm"] = divide(recent, expectation(h, len(rows) - recent, length))
    return answers


@oracle
def each_channel(h: History) -> Answers:
    rows, long = h.within(h.kept, h.lengths[-1]), h.lengths[-1]
    return {
        f"{h.noun}_channel_{level.name}_share_{long}d": mean([row.channel == level.code for row in rows])
        for level in h.levels["channel"]
    }


@oracle
def per_active_day(h: History) -> Answers:
    answers = {f"{h.noun}s_per_active_day_{suffix(w)}": divide(h.count(w), len(h.days(w))) for w in h.main_windows}
    for length in h.main_windows[:-1]:
        recent = len(h.days(length))
        answers[f"{h.noun}_days_{length}d_to_norm"] = divide(recent, expectation(h, len(h.days()) - recent, length))
    return answers


@oracle
def measured_norm(h: History) -> Answers:
    answers = {}
    for column in ("value", "duration"):
        for length in h.main_windows[:-1]:
            recent = math.fsum(known(h.within(h.kept, length), column))
            earlier = math.fsum(known([row for row in h.kept if row.day < h.cutoff - length], column))
            answers[f"{h.noun}_{column}_{length}d_to_norm"] = (
                divide(recent, expectation(h, earlier, length)) if earlier > 0 else NAN
            )
    return answers


@oracle
def returns(h: History) -> Answers:
    answers = {"days_since_last_return": h.cutoff - h.returned[-1].day if h.returned else NAN}
    answers |= {f"return_count_{suffix(w)}": len(h.within(h.returned, w)) for w in h.main_windows}
    for w in h.long_windows:
        answers[f"return_share_{suffix(w)}"] = divide(len(h.within(h.returned, w)), len(h.within(h.rows, w)))
    return answers


@oracle
def returned_money(h: History) -> Answers:
    answers = {}
    for w in h.long_windows:
        back = -sum(int(row.amount) for row in h.within(h.returned, w))
        answers[f"returned_amount_{suffix(w)}"] = back * h.resolution
        answers[f"returned_amount_share_{suffix(w)}"] = divide(back, h.units("amount", w))
    return answers


@oracle
def discounts(h: History) -> Answers:
    reduced = [row for row in h.kept if row.discount > 0]
    answers = {"days_since_last_discount": h.cutoff - reduced[-1].day if reduced else NAN}
    for w in h.main_windows:
        answers[f"discounted_share_{suffix(w)}"] = divide(len(h.within(reduced, w)), len(h.within(h.kept, w)))
    return answers | {f"discount_total_{suffix(w)}": h.units("discount", w) * h.resolution for w in h.long_windows}


@oracle
def discount_rate(h: History) -> Answers:
    def answer(window: int | None) -> float:
        off = h.units("discount", window)
        return divide(off, h.units("amount", window) + off)

    return {f"discount_rate_{suffix(w)}": answer(w) for w in h.main_windows}


@oracle
def tickets(h: History) -> Answers:
    return {
        "days_since_last_ticket": h.since_last(),
        **{f"ticket_count_{suffix(w)}": len(h.within(h.rows, w)) for w in h.windows},
    }


def resolved(h: History, window: int | None = None) -> list[Row]:
    """Tickets resolved in the window, by the time of their resolution."""
    begin = -math.inf if window is None else h.cutoff - window
    done = [row for row in h.rows if row.resolved_day != NO_DAY and begin <= row.resolved_day < h.cutoff]
    return sorted(done, key=lambda row: row.resolved)


@oracle
def open_tickets(h: History) -> Answers:
    waiting = [row for row in h.rows if row.resolved_day == NO_DAY or row.resolved_day >= h.cutoff]
    return {
        "open_ticket_count": len(waiting),
        "oldest_open_ticket_days": max((h.cutoff - row.day for row in waiting), default=NAN),
    }


@oracle
def resolving(h: History) -> Answers:
    def taken(window: int | None) -> list[int]:
        return [row.resolved_day - row.day for row in resolved(h, window)]

    def share(window: int | None) -> float:
        due = [row for row in h.rows if row.day + 7 < h.cutoff and (window is None or row.day + 7 >= h.cutoff - window)]
        return mean([row.resolved_day == NO_DAY or row.resolved_day - row.day > 7 for row in due])

    done = resolved(h)
    last = [row.resolved_day - row.day for row in done if row.resolved == done[-1].resolved]
    return {
        **{f"resolving_mean_days_{suffix(w)}": mean(taken(w)) for w in h.main_windows},
        **{f"resolving_largest_days_{suffix(w)}": max(taken(w), default=NAN) for w in h.long_windows},
        "resolving_last_days": max(last, default=NAN),
        **{f"slow_ticket_share_{suffix(w)}": share(w) for w in h.main_windows},
    }


@oracle
def severity(h: History) -> Answers:
    def values(window: int | None) -> list[float]:
        return known(h.within(h.rows, window), "severity")

    answers = {f"severity_mean_{suffix(w)}": mean(values(w)) for w in h.main_windows}
    return answers | {f"severity_largest_{suffix(w)}": max(values(w), default=NAN) for w in h.long_windows}


@oracle
def satisfaction(h: History) -> Answers:
    answers = {f"satisfaction_mean_{suffix(w)}": mean(known(resolved(h, w), "satisfaction")) for w in h.main_windows}
    rated = [row for row in resolved(h) if not math.isnan(row.satisfaction)]
    return answers | {
        "satisfaction_last": max((row.satisfaction for row in rated if row.resolved == rated[-1].resolved), default=NAN)
    }


@oracle
def repeated_tickets(h: History) -> Answers:
    def is_again(place: int) -> bool:
        row = h.rows[place]
        return row.topic != 0 and any(row.topic == one.topic and row.day - one.day <= 30 for one in h.rows[:place])

    again = [row for place, row in enumerate(h.rows) if is_again(place)]
    answers = {f"repeated_ticket_count_{suffix(w)}": len(h.within(again, w)) for w in h.main_windows}
    return answers | {f"ticket_topic_count_{suffix(w)}": len(set(codes(h.within(h.rows, w), "topic"))) for w in h.long_windows}


@oracle
def outbound_contacts(h: History) -> Answers:
    by_customer, by_us = ([row for row in h.rows if row.direction == code] for code in (1, 2))
    answers = {"days_since_last_outbound_contact": h.cutoff - by_us[-1].day if by_us else NAN}
    answers |= {f"outbound_contact_count_{suffix(w)}": len(h.within(by_us, w)) for w in h.windows}
    for w in h.main_windows:
        both = len(h.within(by_customer, w)), len(h.within(by_us, w))
        answers[f"inbound_to_outbound_ratio_{suffix(w)}"] = divide(*both)
    return answers


@oracle
def responses(h: History) -> Answers:
    """An answer may come up to a week later, so the last week tells nothing."""
    asked = [row for row in h.rows if row.direction == 2 and row.day + 7 < h.cutoff]
    answered = [row for row in asked if row.response]
    answers = {}
    for w in h.main_windows:
        due = [row for row in asked if w is None or row.day + 7 >= h.cutoff - w]
        answers[f"response_share_{suffix(w)}"] = mean([row.response for row in due])
    since = [row for row in asked if not answered or row.time > answered[-1].time]
    return answers | {
        "days_since_last_answered_contact": h.cutoff - answered[-1].day if answered else NAN,
        "unanswered_contacts_in_a_row": len(since),
    }


@oracle
def contact_channels(h: History) -> Answers:
    answers = {f"contact_channel_count_{suffix(w)}": len(set(codes(h.within(h.rows, w), "channel"))) for w in h.main_windows}
    w = h.lengths[-1]
    rows = h.within(h.rows, w)
    for code, name in enumerate(("email", "social", "phone", "visit"), start=1):
        answers[f"{name}_contact_share_{w}d"] = mean([row.channel == code for row in rows])
    return answers


@oracle
def customer_types(h: History) -> Answers:
    """By the numbers of `[stages]` as they stand when nothing is written."""

    def is_recent(rows: list[Row]) -> bool:
        return any(h.cutoff - 30 <= row.day < h.cutoff for row in rows)

    def is_open(row: Row) -> bool:
        return row.resolved_day == NO_DAY or row.resolved_day >= h.cutoff

    def is_over(row: Row) -> bool:
        return any(NO_DAY != day < h.cutoff for day in (row.end_day, row.ended_day))

    is_old = bool(h.qualifying) and h.cutoff - h.qualifying[0] >= 180
    answers = {"is_loyal": is_old and (len(h.qualifying) >= 3 or h.has_renewed)}
    if "purchases" in h.others:
        bought = [row for row in h.others["purchases"] if not row.signals.get("is_return", False)]
        answers["is_recent_purchaser"] = is_recent(bought)
    if "support" in h.others:
        tickets = h.others["support"]
        answers["is_support_and_service"] = is_recent(tickets) or any(is_open(row) for row in tickets)
    if "subscriptions" in h.others:
        in_force = [row for row in h.others["subscriptions"] if not is_over(row)]
        answers["is_product_subscriber"] = any(row.kind == 1 for row in in_force)
        answers["is_service_subscriber"] = any(row.kind == 2 for row in in_force)
    if "contacts" in h.others:
        answers["is_contact"] = is_recent(h.others["contacts"])
    return answers


def treated(h: History, window: int | None = None) -> list[Row]:
    """Neither the control group, whose code is 1, nor an unknown arm."""
    return [row for row in h.within(h.rows, window) if row.arm not in {0, 1}]


@oracle
def treatments(h: History) -> Answers:
    return {
        "days_since_last_treatment": h.cutoff - treated(h)[-1].day if treated(h) else NAN,
        **{f"treatment_count_{suffix(w)}": len(treated(h, w)) for w in h.windows},
    }


@oracle
def treatment_campaigns(h: History) -> Answers:
    return {f"treatment_campaign_count_{suffix(w)}": len(set(codes(treated(h, w), "campaign"))) for w in h.main_windows}


@oracle
def treatment_costs(h: History) -> Answers:
    def spent(window: int | None) -> float:
        rows = treated(h, window)
        return sum(int(row.cost) for row in rows) * h.resolution if rows else NAN

    return {f"treatment_cost_{suffix(w)}": spent(w) for w in h.long_windows}


@oracle
def measures(h: History) -> Answers:
    columns = [column for column in ("value", "duration") if column in h.columns]
    return {name: answer for column in columns for name, answer in summary(h, column, h.main_windows).items()}


@oracle
def own_signals(h: History) -> Answers:
    return {
        name: answer
        for signal in h.own
        for name, answer in (marked(h, signal) if signal in h.flags else summary(h, signal, h.windows)).items()
    }


def marked(h: History, signal: str) -> Answers:
    set_ = [row for row in h.signalled if row.signals[signal]]
    answers = {f"days_since_last_{h.noun}_{signal}": h.cutoff - set_[-1].day if set_ else NAN}
    for w in h.windows:
        n, of = len(h.within(set_, w)), len(h.within(h.signalled, w))
        answers |= {f"{h.noun}_{signal}_count_{suffix(w)}": n, f"{h.noun}_{signal}_share_{suffix(w)}": divide(n, of)}
    return answers


def summary(h: History, signal: str, windows: list[int | None]) -> Answers:
    name, answers = f"{h.noun}_{signal}", {}
    for w in windows:
        values = known(h.within(h.signalled, w), signal)
        answers |= {f"{name}_total_{suffix(w)}": math.fsum(values), f"{name}_mean_{suffix(w)}": mean(values)}
    for w in h.long_windows:
        values = known(h.within(h.signalled, w), signal)
        answers[f"{name}_largest_{suffix(w)}"] = max(values, default=NAN)
        answers[f"{name}_smallest_{suffix(w)}"] = min(values, default=NAN)
        answers[f"{name}_std_{suffix(w)}"] = spread(values)
    return answers | {f"{name}_last": newest(h.signalled, signal)}


@oracle
def weekdays(h: History) -> Answers:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    answers = {}
    for w in h.main_windows:
        days = [(EPOCH + timedelta(row.day)).weekday() for row in h.within(h.kept, w)]
        answers[f"{h.noun}_weekend_share_{suffix(w)}"] = divide(sum(day > 4 for day in days), len(days))
    w = h.lengths[-1]
    days = [(EPOCH + timedelta(row.day)).weekday() for row in h.within(h.kept, w)]
    return answers | {f"{h.noun}_{name}_share_{w}d": divide(days.count(number), len(days)) for number, name in enumerate(names)}


@oracle
def hours(h: History) -> Answers:
    w = h.lengths[-1]
    rows = h.within(h.kept, w)
    bounds = {"night": (0, 360), "morning": (360, 720), "afternoon": (720, 1080), "evening": (1080, 1440)}
    return {
        f"{h.noun}_{name}_share_{w}d": divide(sum(low <= row.minute_of_day < high for row in rows), len(rows))
        for name, (low, high) in bounds.items()
    }


@oracle
def calendar(h: History) -> Answers:
    cutoff = EPOCH + timedelta(h.cutoff)
    return {"cutoff_month": cutoff.month, "cutoff_week": (cutoff.timetuple().tm_yday - 1) // 7 + 1}


@oracle
def latest(h: History) -> Answers:
    return {f"latest_{name}": newest(h.rows, name) for name in h.own}


def stop_of(row: Row) -> float:
    """The day on which a term is over: as agreed or before that, never before it starts."""
    ends = [row.signals[name] for name in ("end_day", "ended_day") if row.signals.get(name, NO_DAY) != NO_DAY]
    return max(min(ends, default=math.inf), row.day)


def in_force(h: History) -> list[Row]:
    return [row for row in h.rows if stop_of(row) >= h.cutoff]


def current(h: History, value: Callable[[Row], float]) -> float:
    """The largest value among the newest terms in force that have one."""
    there = [(row.time, value(row)) for row in in_force(h) if not math.isnan(value(row))]
    newest_time = max((time for time, _ in there), default=0)
    return max((number for time, number in there if time == newest_time), default=NAN)


def length(row: Row) -> float:
    return NAN if row.end_day == NO_DAY else row.end_day - row.day


def begun_together(h: History) -> list[list[Row]]:
    """The terms by the instant at which they began, oldest first."""
    times = sorted({row.time for row in h.rows})
    return [[row for row in h.rows if row.time == time] for time in times]


def told(h: History, clock: str, window: int | None = None, rows: list[Row] | None = None) -> list[tuple[int, Row]]:
    """Terms with the day on which the cutoff hears of another time of theirs, never before they start."""
    rows = h.rows if rows is None else rows
    heard = [(max(row.signals[f"{clock}_day"], row.day), row) for row in rows if row.signals[f"{clock}_day"] != NO_DAY]
    begin = -math.inf if window is None else h.cutoff - window
    return [(day, row) for day, row in heard if begin <= day < h.cutoff]


def since(h: History, days: list[int]) -> float:
    return h.cutoff - max(days) if days else NAN


@oracle
def terms(h: History) -> Answers:
    return {
        "days_since_first_term": h.cutoff - h.rows[0].day if h.rows else NAN,
        "days_since_last_term": since(h, [row.day for row in h.rows]),
        **{f"term_count_{suffix(w)}": len(h.within(h.rows, w)) for w in h.windows},
    }


@oracle
def terms_in_force(h: History) -> Answers:
    first = min((row.day for row in h.rows), default=h.cutoff)
    covered = sum(any(row.day <= day < stop_of(row) for row in h.rows) for day in range(first, h.cutoff))
    gaps, streak = 0, 0
    for place, rows in enumerate(begun_together(h)):
        before = [row for row in h.rows if row.time < rows[0].time]
        is_back = place > 0 and max(stop_of(row) for row in before) < rows[0].day
        gaps += is_back
        streak = len(rows) if is_back or place == 0 else streak + len(rows)
    return {
        "term_in_force_count": len(in_force(h)),
        "days_in_force_ever": covered,
        "days_without_term_ever": h.cutoff - first - covered if h.rows else NAN,
        "contract_gap_count_ever": gaps,
        "renewals_in_a_row": streak - 1 if h.rows else NAN,
    }


@oracle
def terms_by_kind(h: History) -> Answers:
    kinds = [row.kind for row in in_force(h)]
    return {"product_term_in_force_count": kinds.count(1), "service_term_in_force_count": kinds.count(2)}


@oracle
def renewal(h: History) -> Answers:
    ends = [row.end_day - h.cutoff for row in in_force(h) if row.end_day != NO_DAY]
    return {"days_to_term_end": min(ends, default=NAN), "current_term_days": current(h, length)}


@oracle
def auto_renewal(h: History) -> Answers:
    return {"auto_renewing_share": mean([row.auto_renew for row in in_force(h)])}


def price_ratios(h: History) -> dict[int, float]:
    """By the instant: the price of what began then over that of what began before, both of a day where lengths differ."""
    found, previous = {}, None
    for rows in begun_together(h):
        price, days = sum(row.price for row in rows), max((length(row) for row in rows if length(row) > 0), default=0)
        found[rows[0].time] = NAN
        if previous is not None and previous[0] > 0:
            before, span = previous
            differs = days > 0 and span > 0 and max(days, span) > 1.25 * min(days, span)
            found[rows[0].time] = price * span / (before * days) if differs else price / before
        previous = price, days
    return found


@oracle
def term_prices(h: History) -> Answers:
    ratios = price_ratios(h)
    answers = {
        "current_term_price": current(h, lambda row: row.price) * h.resolution,
        "price_in_force": sum(row.price for row in in_force(h)) * h.resolution,
        "price_of_current_to_previous_term": current(h, lambda row: ratios[row.time]),
    }
    answers |= {f"term_money_{suffix(w)}": sum(row.price for row in h.within(h.rows, w)) * h.resolution for w in h.windows}
    for w in h.main_windows:
        inside = [ratios[time] for time in {row.time for row in h.within(h.rows, w)}]
        answers[f"price_rise_count_{suffix(w)}"] = sum(number > 1 for number in inside)
        answers[f"price_cut_count_{suffix(w)}"] = sum(number < 1 for number in inside)
    return answers


@oracle
def plan_changes(h: History) -> Answers:
    """A plan taken that was not held the moment before, while some plan was."""
    changes = []
    for rows in begun_together(h):
        held = [row for row in h.rows if row.time < rows[0].time and stop_of(row) >= rows[0].day]
        if held and any(row.plan != 0 and row.plan not in {one.plan for one in held} for row in rows):
            changes.append(rows[0])
    return {
        "days_since_plan_change": since(h, [row.day for row in changes]),
        **{f"plan_change_count_{suffix(w)}": len(h.within(changes, w)) for w in h.main_windows},
        "plan_count_ever": len(set(codes(h.rows, "plan"))),
    }


@oracle
def notices(h: History) -> Answers:
    given = told(h, "cancelled")
    return {
        "cancelled_in_force_count": sum(stop_of(row) >= h.cutoff for _, row in given),
        "days_since_notice": since(h, [day for day, _ in given]),
        "notice_count_ever": len(given),
    }


@oracle
def early_ends(h: History) -> Answers:
    ended = told(h, "ended")
    return {"days_since_early_end": since(h, [day for day, _ in ended]), "early_end_count_ever": len(ended)}


@oracle
def unpaid_ends(h: History) -> Answers:
    return {"unpaid_end_count_ever": sum(row.reason == 1 for _, row in told(h, "ended"))}


@oracle
def failed_payments(h: History) -> Answers:
    answers = {"days_since_failed_payment": since(h, [day for day, row in told(h, "due") if row.failed])}
    answers |= {f"failed_payment_count_{suffix(w)}": sum(row.failed for _, row in told(h, "due", w)) for w in h.windows}
    for w in h.main_windows:
        answers[f"failed_payment_share_{suffix(w)}"] = mean([row.failed for _, row in told(h, "due", w)])
    return answers


@oracle
def late_payments(h: History) -> Answers:
    def days_late(window: int | None) -> list[float]:
        begin = -math.inf if window is None else h.cutoff - window
        days = [(max(due, row.paid_day), due) for due, row in told(h, "due") if row.paid_day != NO_DAY]
        return [paid - due for paid, due in days if begin <= paid < h.cutoff]

    waiting = [due for due, row in told(h, "due") if row.paid_day == NO_DAY or row.paid_day >= h.cutoff]
    return {
        **{f"payment_mean_days_late_{suffix(w)}": mean(days_late(w)) for w in h.main_windows},
        "unpaid_count": len(waiting),
        "oldest_unpaid_days": h.cutoff - min(waiting) if waiting else NAN,
    }
