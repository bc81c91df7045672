"""`churnscope advise`: which activity window and horizon the data support."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.advice import Advice, HorizonChoice
    from churnscope.project.data.advise import AdviseResult


def advise(
    config: ConfigFile, *, as_of: AsOf = None, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False
) -> None:
    """Weigh windows and horizons on the data.

    Measures, for every activity window, who would be called inactive too early, and for every horizon how many customers and
    churners it leaves to learn from. Nothing is trained.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).advise(as_of), describe)


def describe(result: AdviseResult) -> Iterator[Part]:
    """The windows, the horizons, the gaps, and the lines to paste."""
    from churnscope.advice.choices import FEWEST_EACH

    advice = result.advice
    half, most = advice.usual_days
    yield (
        f"As of {date_of(result.as_of)}: {count(advice.customers)} customers over {count(advice.history_days)} days. "
        f"Half of all pauses end within {_days(half)}, nine in ten within {_days(most)}."
    )
    yield _windows(advice)
    yield _horizons(f"Horizon, with a window of {advice.window} days", "horizon", advice.horizons, advice.horizon)
    yield _horizons(f"Gap, with a horizon of {advice.horizon} days", "gap", advice.gaps, 0)
    yield "\nA gap is the time your team needs between the list and the first call; 0 where the list is used the same day."
    yield f"This choice needs {count(advice.needed_days)} days of history; there are {count(advice.history_days)}."
    if not advice.chosen_horizon.is_enough:
        yield (
            f"Fewer than {FEWEST_EACH} customers churned or stayed at the newest cutoff: a model can hardly be judged on that. "
            "A longer history or more customers would help."
        )
    yield f"Picture: {shown(result.picture)}"
    same = (result.window, result.horizon) == (advice.window, advice.horizon)
    yield "\nThe config says so already." if same else "\nTo use it, write into the config:"
    yield from () if same else (f"  {line}" for line in result.lines)


def _windows(advice: Advice) -> Table:
    rows = tuple(
        (
            f"{_days(choice.days)}{_mark(choice.days == advice.window)}",
            count(choice.called),
            f"{choice.returned:.0%} [{choice.returned_low:.0%}, {choice.returned_high:.0%}]",
            f"{choice.within_days} days",
            f"{choice.covered:.0%}",
            count(choice.active),
        )
        for choice in advice.windows
    )
    columns = ("silent for", "times", "come back", "within", "pauses shorter", "active now")
    return Table("Activity window: silence after which a customer is called inactive", "<>>>>>", rows, columns)


def _horizons(title: str, varied: str, choices: tuple[HorizonChoice, ...], chosen: int) -> Table:
    rows = tuple(
        (
            f"{_days(days)}{_mark(days == chosen)}",
            count(choice.customers),
            count(choice.churned),
            f"{choice.base_rate:.0%}" if choice.customers else "",
            count(choice.cutoffs) if choice.cutoffs else "too few",
        )
        for choice in choices
        for days in [choice.horizon_days if varied == "horizon" else choice.gap_days]
    )
    return Table(title, "<>>>>", rows, (varied, "customers", "churned", "base rate", "cutoffs"))


def _days(number: int) -> str:
    return f"{count(number)} day{'' if number == 1 else 's'}"


def _mark(is_chosen: bool) -> str:
    return " *" if is_chosen else ""
