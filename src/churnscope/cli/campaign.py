"""`churnscope campaign`: whether calling worked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet, example
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.money.campaigns import CampaignFigures, CampaignResult

campaign = typer.Typer(
    name="campaign",
    help="Tell whether calling worked.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Named = Annotated[str | None, typer.Option("--campaign", metavar="NAME", help="Judge this one alone. [default: all]")]


@campaign.command(
    "report", epilog=example("campaign report my_shop.toml", "campaign report my_shop.toml --campaign spring --json")
)
def report_on_campaigns(
    config: ConfigFile,
    *,
    campaign: Named = None,
    as_of: AsOf = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Hold those to be called against those held back.

    Everybody whom the lists chose is compared as drawn, called or not, from their first list on: who stayed by the config's own
    definition, what they spent, what it cost. Without a control group the effect is unknown. Lists whose outcome is not known
    yet are named and left out.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.campaign_report(as_of, campaign=campaign, wait_seconds=wait), describe)


def describe(result: CampaignResult) -> Iterator[Part]:
    """Every campaign, what can be told of it, and where the files are."""
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Judged."
    yield f"{done} {result.name}, as of {date_of(result.as_of)}, run {result.run_id}."
    for each in result.campaigns:
        yield from _campaign(each, result.horizon_days)
    yield ""
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _campaign(each: CampaignFigures, horizon_days: int) -> Iterator[Part]:
    from churnscope.reports.campaign_tables import ALIGN, COLUMNS, effect_rows
    from churnscope.reports.wording import counted

    judged = each.judged
    if each.effect is not None:
        span = judged[0].as_of if len(judged) == 1 else f"{judged[0].as_of} to {judged[-1].as_of}"
        title = f"Campaign {each.campaign}: {counted(len(judged), 'lists')} of {span}, over {counted(horizon_days, 'days')}"
        yield Table(title, ALIGN, effect_rows(each.effect), COLUMNS)
        results = ", ".join(f"{name.replace('_', ' ')} {count(lines)}" for name, lines in each.results.items())
        yield f"  {count(sum(each.results.values()))} lines to be called: {results}"
        if any(each.unlabelled) or each.not_in_data:
            called, control = each.unlabelled
            gone = f"{each.not_in_data:,} not in the data"
            yield f"  left out: {called:,} to be called and {control:,} of control without a label, {gone}"
    else:
        yield ""
    yield f"{each.campaign}: {each.verdict}"
    yield from (f"{each.campaign}: {note}" for note in each.notes)
