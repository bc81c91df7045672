"""One config and the steps a user takes with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.config.models import Config
from churnscope.operations.logs import Progress, silent
from churnscope.project.days import as_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from churnscope.project.alerts.alerted import AlertsResult
    from churnscope.project.alerts.watching import Watched
    from churnscope.project.data.advise import AdviseResult
    from churnscope.project.data.definitions import DefinitionResult
    from churnscope.project.frames import Frame
    from churnscope.project.lifecycle.lived import LifecycleResult
    from churnscope.project.models.drivers import DriversResult
    from churnscope.project.models.versions import Comparison, Served, VersionDetails, VersionList
    from churnscope.project.money.campaigns import CampaignResult
    from churnscope.project.money.listed import CallListResult
    from churnscope.project.money.outcomes import OutcomesResult
    from churnscope.project.money.uplifted import UpliftResult
    from churnscope.project.money.valued import ValueResult
    from churnscope.project.money.what_ifs import WhatIfResult
    from churnscope.project.results import (
        AuditResult,
        CatalogResult,
        CheckResult,
        EvaluateResult,
        FeaturesResult,
        ReportResult,
        ScoreResult,
        SyncResult,
        TrainResult,
    )
    from churnscope.project.tables import Spool, Streamed
    from churnscope.project.win_back.won_back import AnswersResult, WinBackReport, WinBackResult

    OneDay = str | date | np.datetime64  # a time of pandas is a date
    Day = OneDay | None
    Days = OneDay | Iterable[OneDay]
    Numbers = float | Iterable[float]


class Project:
    """A business as its config describes it: check its data, train on them, evaluate, score.

    Making one reads the config and nothing else. Each step loads what it needs.

    Parameters
    ----------
    config : path of a TOML file, the tables of one as dictionaries, or a config already loaded. Paths in dictionaries start
        from the present folder.
    progress : is told how far each stage has come.
    reactivation : ask who of the inactive comes back, not who of the active leaves: `train`, `evaluate`, `score`, `report` and
        the versions of the model are then those of a model of its own; values, lists, alerts and the life cycle are the same.

    Raises
    ------
    ConfigError : when the config cannot be read or says something impossible.
    """

    def __init__(
        self, config: Config | str | Path | Mapping[str, Any], *, progress: Progress = silent, reactivation: bool = False
    ) -> None:
        if not isinstance(config, Config):
            from churnscope.config.load import load_config

            config = load_config(config)
        self.config = config.reactivating() if reactivation else config
        self._business = config  # what is no model's is the same, whichever of the two is asked
        self.progress = progress
        self._spool: Spool | None = None

    def __repr__(self) -> str:
        return f"Project {self.config.name}: {', '.join(self.config.sources)}"

    @classmethod
    def from_tables(
        cls,
        config: str | Path | Mapping[str, Any],
        /,
        *,
        progress: Progress = silent,
        reactivation: bool = False,
        **tables: Streamed,
    ) -> Project:
        """A business whose sources are tables in memory.

        Parameters
        ----------
        config : path of a TOML file, or the tables of one as dictionaries. Sources may leave `files` and `format` out, and
            `columns` where the table's bear the names of the role's.
        reactivation : ask who of the inactive comes back.
        tables : by the name of the source, frames of pandas or Polars, tables of PyArrow, relations of DuckDB: anything that
            offers an Arrow stream. A name that the config does not describe is that of a role, and the columns bear the names
            of the role's columns. Each table is written once to a temporary folder, which goes with the project.

        Raises
        ------
        ConfigError : when the config says something impossible, or a name is neither a source nor a role.
        InputError : when a table offers no Arrow stream.

        Examples
        --------
        >>> import pyarrow as pa
        >>> from datetime import date
        >>> bought = pa.table({"customer": ["a", "b"], "time": [date(2024, 1, 2), date(2024, 1, 3)]})
        >>> business = {"name": "shop", "prediction": {"horizon_days": 30}}
        >>> business["activity"] = {"rules": [{"source": "purchases", "days": 30}]}
        >>> project = Project.from_tables(business, purchases=bought)
        >>> project.config.sources["purchases"].columns
        {'customer': 'customer', 'time': 'time'}
        """
        from churnscope.config.load import load_config
        from churnscope.project.tables import Spool

        spool = Spool()
        kept = {name: spool.keep(name, table) for name, table in tables.items()}
        project = cls(load_config(config, tables=kept), progress=progress, reactivation=reactivation)
        project._spool = spool
        return project

    def check(self, as_of: Day = None) -> CheckResult:
        """Read every source and count what is in it, what is refused, and what to do about it.

        Raises
        ------
        InputError : when a file is refused.
        """
        from churnscope.project.data.check import check

        return check(self.config, as_of_day(as_of, self.config), self.progress)

    def advise(self, as_of: Day = None) -> AdviseResult:
        """Weigh the activity windows and horizons that the data support; nothing is trained.

        Only which rows count as activity is read of the activity rules, not how many within how many days.

        Raises
        ------
        InputError : when a file is refused, or no customer came back on a second day.
        """
        from churnscope.project.data.advise import advise

        return advise(self.config, as_of_day(as_of, self.config), self.progress)

    def explain_definition(
        self, other: Project | Config | str | Path | Mapping[str, Any], as_of: Day = None, *, cutoff: OneDay | None = None
    ) -> DefinitionResult:
        """Hold this definition, A, against another, B, of the same customers: whom they speak of and on whom they agree.

        Nothing is trained. Where both read the same sources, these are read once.

        Parameters
        ----------
        other : another project, or its config.
        cutoff : the day to compare at; default: every cutoff that is complete in both.

        Raises
        ------
        ConfigError : when the other config says something impossible, or counts days of another time zone.
        InputError : when a file is refused, no customer stands in both, or no cutoff is complete in both.
        """
        from churnscope.project.data.definitions import explain_definition

        theirs = other if isinstance(other, Project) else Project(other)
        day, cutoff_day = as_of_day(as_of, self.config), as_of_day(cutoff, self.config, option="--cutoff")
        return explain_definition(self.config, theirs.config, day, self.progress, cutoff=cutoff_day)

    def audit(self, as_of: Day = None, *, renew: bool = False) -> AuditResult:
        """Look for what the training table could not have known: outcomes, later rows, today's values, a past written over.

        Parameters
        ----------
        renew : later runs are compared with the past as it is now, whatever was found in it.

        Raises
        ------
        InputError : when a file is refused or the data are too few to learn from.
        StorageError : when the past of an earlier run cannot be read, or this one's cannot be written.
        """
        from churnscope.project.data.audit import audit

        return audit(self.config, as_of_day(as_of, self.config), self.progress, renew=renew)

    def catalog(self, as_of: Day = None) -> CatalogResult:
        """Name, unit, window, meaning and expected direction of every feature the config gives.

        Raises
        ------
        InputError : when a file is refused.
        """
        from churnscope.project.data.features import catalog

        return catalog(self.config, as_of_day(as_of, self.config), self.progress)

    def features(self, as_of: Day = None, *, cutoffs: Days = (), output: str | Path | None = None) -> FeaturesResult:
        """Write the snapshot table: customer_id, cutoff, churned and every feature, a row per active customer and cutoff.

        Parameters
        ----------
        cutoffs : days, or one, to build it for, none after `as_of`; default: the complete ones that training uses, or `as_of`
            where none is complete.
        output : a `.csv` or `.parquet` file; default: Parquet in the outputs folder.

        Raises
        ------
        ConfigError : for a cutoff that is no day or lies after `as_of`, or an output of another kind.
        InputError : when a file is refused.
        StorageError : when the file cannot be written.
        """
        from churnscope.project.data.features import features

        path = None if output is None else Path(output)
        return features(self.config, as_of_day(as_of, self.config), self.progress, cutoffs=self._days(cutoffs), output=path)

    def snapshots(self, as_of: Day = None, *, cutoffs: Days = ()) -> Frame:
        """The snapshot table in memory, for any library to be fitted on: customer_id, cutoff, churned, then every feature.

        Parameters
        ----------
        cutoffs : days, or one, to build it for; default: the complete ones that training uses, or `as_of` where none is
            complete.

        Raises
        ------
        InputError : when a file is refused.
        """
        from churnscope.project.data.features import snapshots

        return snapshots(self.config, as_of_day(as_of, self.config), self.progress, cutoffs=self._days(cutoffs))

    def sync(self) -> SyncResult:
        """Send the runs that could not be logged when they were made; each is sent once.

        Raises
        ------
        BusyError : when another run is sending.
        ServiceError : when some could not be sent even so, and the config says that tracking is required.
        """
        from churnscope.project.log import sync

        return sync(self.config)

    def train(self, as_of: Day = None, *, promote: bool = True) -> TrainResult:
        """Fit the model and its baselines, judge them on the newest complete cutoff, save the bundle.

        Parameters
        ----------
        as_of : nothing on or after this day is read; default: the day after the data are complete.
        promote : make the model the champion when it passes the gate.

        Raises
        ------
        ConfigError : when `[model] trials` needs Optuna, which is missing, or there is an `estimator`, which cannot be saved.
        InputError : when a file is refused or the data are too few to learn from.
        """
        from churnscope.project.models.train import train

        return train(self.config, as_of_day(as_of, self.config), self.progress, promote=promote)

    def evaluate(self, as_of: Day = None, *, model: str = "latest", backtest: bool = True) -> EvaluateResult:
        """Judge a saved model at the newest complete cutoff that it was not trained on.

        With `[model] estimator`, that classifier is fitted before the cutoff and judged in the place of a saved model.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.
        backtest : refit the recipe before each of the newest `[evaluation] folds` cutoffs too, and judge it there.

        Raises
        ------
        InputError : when a file is refused or no cutoff is complete.
        ModelError : when there is no such model, or it cannot be used.
        """
        from churnscope.project.models.evaluate import evaluate

        return evaluate(self.config, as_of_day(as_of, self.config), self.progress, model=model, backtest=backtest)

    def score(
        self,
        as_of: Day = None,
        *,
        model: str = "champion",
        output: str | Path | None = None,
        all_customers: bool = False,
        wait_seconds: float = 0,
        contributions: str | Path | None = None,
        values: str | Path | None = None,
        language: str | None = None,
    ) -> ScoreResult:
        """Score every customer who is active on the day, or inactive, with reasons; the same run again writes nothing.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.
        output : a `.csv` or `.parquet` file; default: both, in the outputs folder.
        all_customers : list those who are already inactive too, without a probability.
        wait_seconds : how long to wait for another run that writes the same files.
        contributions : a `.csv` or `.parquet` file to write what every feature adds to every customer's log-odds; with a
            manifest of its own beside it. Default: none.
        values : of a project of reactivation, what those are worth who come back: a file that `value` wrote. Default: the
            newest in the outputs folder, if there is one. The scores then rank by the chance times the value.
        language : of the reasons, as `fr`; default: that of the config.

        Raises
        ------
        ConfigError : when a file has another ending or is one that is read, or nothing is written in that language.
        InputError : when a file is refused.
        ModelError : when there is no such model, or it cannot be used.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.models.score import Request, score

        request = Request(
            model,
            output=None if output is None else Path(output),
            contributions=None if contributions is None else Path(contributions),
            all_customers=all_customers,
            wait_seconds=wait_seconds,
            values=None if values is None else Path(values),
            language=language,
        )
        return score(self.config, as_of_day(as_of, self.config), self.progress, request)

    def value(
        self,
        as_of: Day = None,
        *,
        horizon_days: int | None = None,
        output: str | Path | None = None,
        wait_seconds: float = 0,
    ) -> ValueResult:
        """Tell what every customer who has bought will buy, spend and be worth; the same run again writes nothing.

        Models of repeat buying are fitted before a past day and held against the purchases that followed; the nearest one, or
        that of `[value] model`, is fitted again on all purchases and asked.

        Parameters
        ----------
        horizon_days : that expected purchases and spend cover; default: `[value] horizon_days`, else that of the prediction.
        output : a `.csv` or `.parquet` file; default: both, in the outputs folder.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : when a source of purchases has no amount, or the file has another ending or is one that is read.
        InputError : when a file is refused, or the purchases do not tell how often or for how much customers buy.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.money.value import value

        return value(
            self._business,
            as_of_day(as_of, self._business),
            self.progress,
            horizon_days=horizon_days,
            output=None if output is None else Path(output),
            wait_seconds=wait_seconds,
        )

    def alerts(
        self,
        as_of: Day = None,
        *,
        scores: str | Path | None = None,
        dry_run: bool = False,
        wait_seconds: float = 0,
    ) -> AlertsResult:
        """Find what the rules of `[alerts]` tell of since the last run, remember it, write it, and send it.

        An alert is fired once, however often this runs and whatever days it missed, and is open while its cause is there. What
        cannot be delivered waits for the next run.

        Parameters
        ----------
        scores : a file of scores to be read beside those of the outputs folder.
        dry_run : only find and show; nothing is written, remembered or sent.
        wait_seconds : how long to wait for another run of the same alerts.

        Raises
        ------
        ConfigError : when there are no rules, a destination's address is not in the environment, apprise is missing, or the
            alerts have come to a later day.
        InputError : when a file is refused.
        BusyError : when another run is at it.
        GateError : when data are older than a rule of severity "stop" allows; everything is written and sent before.
        ServiceError : when a required destination cannot be told.
        StorageError : when the store or the files cannot be written.
        """
        from churnscope.project.alerts.run import AlertRequest, run_alerts

        request = AlertRequest(None if scores is None else Path(scores), dry_run=dry_run, wait_seconds=wait_seconds)
        return run_alerts(self._business, as_of_day(as_of, self._business), self.progress, request)

    def watch_alerts(self, folder: str | Path, *, every_seconds: float = 10, once: bool = False) -> Watched:
        """Run the alerts as soon as a file of a source has arrived whole in a folder.

        A file is read once, and only when its size and time are the same in two looks. One that is refused is moved into
        quarantine, and watching goes on.

        Parameters
        ----------
        folder : from which sources are read.
        once : end when every file that is there is read; otherwise only an interrupt ends it.

        Raises
        ------
        ConfigError : when the folder is not there, no source is read from it, or `alerts` would refuse the config.
        """
        from churnscope.project.alerts.run import AlertRequest
        from churnscope.project.alerts.watching import watch_alerts

        return watch_alerts(
            self._business, Path(folder), self.progress, AlertRequest(wait_seconds=60), every_seconds=every_seconds, once=once
        )

    def uplift(
        self,
        as_of: Day = None,
        *,
        values: str | Path | None = None,
        output: str | Path | None = None,
        wait_seconds: float = 0,
    ) -> UpliftResult:
        """Tell whom the offers of a randomised campaign change, and rank the customers of a day by it.

        Learners read the features as of the day of the campaign, and are judged on customers they had not seen. The same run
        again writes nothing.

        Parameters
        ----------
        values : a file with `customer_id` and `value`, as `value` writes it: what one outcome more is worth with each customer.
            Default, also for customers who are not in it: that of the config.
        output : a `.csv` or `.parquet` file; default: both, in the outputs folder. A picture and the figures lie beside it.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : when no source tells arms, or the config names a campaign or offer that is not there.
        InputError : when a file is refused, the campaign has no control group or too few customers, or its arms were not drawn
            at random.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.money.uplift import uplift

        return uplift(
            self._business,
            as_of_day(as_of, self._business),
            self.progress,
            values=None if values is None else Path(values),
            output=None if output is None else Path(output),
            wait_seconds=wait_seconds,
        )

    def call_list(
        self,
        *,
        scores: str | Path | None = None,
        values: str | Path | None = None,
        uplift: str | Path | None = None,
        output: str | Path | None = None,
        language: str | None = None,
        wait_seconds: float = 0,
    ) -> CallListResult:
        """Choose whom to call first, with which of the `[actions]`, within the `[call_list]`'s minutes and money.

        The list brings the largest expected gain; a control group is left alone. The same list again writes nothing.

        Parameters
        ----------
        scores : a file that `score` wrote; default: the newest in the outputs folder.
        values : a file that `value` wrote; default: the newest in the outputs folder, else `[profit] value` counts for all.
        uplift : a file that `uplift` wrote: actions with an `arm` of its campaign count by what that arm changed; default: all
            actions count by churn probability and acceptance.
        output : an `.xlsx`, `.csv` or `.parquet` file; default: all three, in the outputs folder.
        language : of all sheets, as `fr`; default: the first of each agent's languages that is one of ours, else the config's.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : when the config says nothing of a call list, names a type of customers that the scores do not tell, or no
            action is an arm of the campaign.
        InputError : when a file is refused, or there are no scores or values.
        BusyError : when another run writes the same files.
        StorageError : when the files or the store of outcomes cannot be written.
        """
        from churnscope.project.money.call_list import ListRequest, call_list

        request = ListRequest(
            scores=None if scores is None else Path(scores),
            values=None if values is None else Path(values),
            uplift=None if uplift is None else Path(uplift),
            output=None if output is None else Path(output),
            language=language,
            wait_seconds=wait_seconds,
        )
        return call_list(self._business, self.progress, request)

    def what_if(
        self,
        *,
        scores: str | Path | None = None,
        values: str | Path | None = None,
        budgets: Numbers = (),
        minutes: Numbers = (),
        offer_costs: Numbers = (),
        acceptances: Numbers = (),
        output: str | Path | None = None,
        wait_seconds: float = 0,
    ) -> WhatIfResult:
        """Tell what the best call list would bring with other money and time, and with other offers and acceptance.

        Nothing is listed and nothing remembered. What the config has now is always among what is tried.

        Parameters
        ----------
        scores, values : as for `call_list`.
        budgets, minutes : amounts, or one, to try, one at a time; default: from nothing to four times what there is.
        offer_costs, acceptances : factors of those of all actions, each tried with each; default: from half to twice the
            cost, from a quarter to twice the acceptance.
        output : a `.csv` or `.parquet` file; default: CSV in the outputs folder. A picture and the figures lie beside it.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : when the config says nothing of a call list, or what is tried is negative.
        InputError : when a file is refused, or there are no scores or values.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.money.what_if import WhatIfRequest, what_if

        request = WhatIfRequest(
            scores=None if scores is None else Path(scores),
            values=None if values is None else Path(values),
            budgets=_numbers(budgets),
            minutes=_numbers(minutes),
            offer_costs=_numbers(offer_costs),
            acceptances=_numbers(acceptances),
            output=None if output is None else Path(output),
            wait_seconds=wait_seconds,
        )
        return what_if(self._business, self.progress, request)

    def add_outcomes(self, file: str | Path, *, day: Day = None, day_format: str | None = None) -> OutcomesResult:
        """Store what came of calls, from a list that came back as CSV or XLSX.

        Another result of the same line and day corrects the stored one, which is kept as history. The same file again changes
        nothing, also after a later one corrected it. Rows are found by their line key alone, whatever was sorted, deleted or
        renamed; what cannot be used is named in a file of the outputs folder by sheet, row and rule.

        Parameters
        ----------
        day : of rows that name none; default: the day of their list.
        day_format : of days written as text, such as `%d/%m/%Y`; default: as 2024-02-28.

        Raises
        ------
        ConfigError : when the day is none, or `[outcomes] url` is no address of a database.
        InputError : when the file is no list that came back, is too large, or damaged.
        ServiceError : when the database does not answer.
        StorageError : when the store cannot be used.
        """
        from churnscope.project.money.outcomes import add_outcomes

        return add_outcomes(self._business, Path(file), as_of_day(day, self._business, option="--day"), day_format)

    def campaign_report(self, as_of: Day = None, *, campaign: str | None = None, wait_seconds: float = 0) -> CampaignResult:
        """Tell whether calling worked: those whom lists chose to call against those whom chance held back.

        Everybody is compared as drawn, called or not, from the first list that chose them. Who stayed is told by the config's
        label over the days after that list; lists whose outcome is not known yet are named and left out.

        Parameters
        ----------
        as_of : nothing on or after this day is read, of lists and outcomes too.
        campaign : of the lists; default: each campaign by itself.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        InputError : when a file is refused, or no list is recorded.
        BusyError : when another run writes the same files.
        ServiceError : when the database of `[outcomes]` does not answer.
        StorageError : when the store cannot be used or the files cannot be written.
        """
        from churnscope.project.money.campaign import campaign_report

        day = as_of_day(as_of, self._business)
        return campaign_report(self._business, day, self.progress, campaign=campaign, wait_seconds=wait_seconds)

    def lifecycle(self, as_of: Day = None, *, months: int = 24, wait_seconds: float = 0) -> LifecycleResult:
        """Tell in which stage of the life cycle every customer is, who moves where, and how long it lasts.

        Stages hold on single days and are told by the definition of active; the same run again writes nothing.

        Parameters
        ----------
        months : of the calendar, how far back is looked.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : for a flat file, which tells nothing of what customers did.
        InputError : when a file is refused.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.lifecycle.lifecycle import lifecycle

        day = as_of_day(as_of, self._business)
        return lifecycle(self._business, day, self.progress, months=months, wait_seconds=wait_seconds)

    def win_back_next(
        self,
        as_of: Day = None,
        *,
        scores: str | Path | None = None,
        output: str | Path | None = None,
        wait_seconds: float = 0,
    ) -> WinBackResult:
        """Decide who of the inactive gets which step of `[win_back]` on a day, and remember it.

        A day is decided once, from what was known before it: asked again it answers the same. A day that was missed is caught
        up by the next one, and nobody gets two steps on a day. Who is left alone as control is remembered, and gets none.

        Parameters
        ----------
        scores : a file that `score` of a project of reactivation wrote; default: the newest up to the day, if there is one.
        output : a `.csv` or `.parquet` file; default: both, in the outputs folder.
        wait_seconds : how long to wait for another run that writes the same files.

        Raises
        ------
        ConfigError : when the config says nothing of winning customers back, or is that of a flat file.
        InputError : when a file is refused, or the day was not decided and a later one has been.
        BusyError : when another run writes the same files.
        StorageError : when the files or the store of outcomes cannot be written.
        """
        from churnscope.project.win_back.next_steps import NextRequest, win_back_next

        request = NextRequest(
            scores=None if scores is None else Path(scores),
            output=None if output is None else Path(output),
            wait_seconds=wait_seconds,
        )
        return win_back_next(self._business, as_of_day(as_of, self._business), self.progress, request)

    def add_answers(self, file: str | Path, *, day: Day = None, day_format: str | None = None) -> AnswersResult:
        """Store what customers answered to a step, from a CSV or XLSX file with the columns `customer_id` and `answer`.

        An answer chooses the offer of later steps. `refused` ends a customer's way, `do not call` ends it for good.

        Parameters
        ----------
        day : of rows that name none; default: that of the customer's newest step.
        day_format : of days written as text, such as `%d/%m/%Y`; default: as 2024-02-28.

        Raises
        ------
        ConfigError : when the config says nothing of winning customers back.
        InputError : when the file cannot be read, or no header names customers and answers.
        StorageError : when the store cannot be used.
        """
        from churnscope.project.win_back.answers import add_answers
        from churnscope.timeline import date_of

        number = as_of_day(day, self._business, option="--day")
        return add_answers(self._business, Path(file), None if number is None else date_of(number), day_format)

    def win_back_report(self, as_of: Day = None, *, wait_seconds: float = 0) -> WinBackReport:
        """Tell how many got which step, and whether those who are contacted come back more often than those left alone.

        Everybody who entered is compared as drawn, from their first entering on, over the horizon of `[reactivation]`.

        Raises
        ------
        ConfigError : when the config says nothing of winning customers back.
        InputError : when a file is refused, or nobody has entered so far.
        BusyError : when another run writes the same files.
        StorageError : when the store cannot be used or the files cannot be written.
        """
        from churnscope.project.win_back.report import win_back_report

        return win_back_report(self._business, as_of_day(as_of, self._business), self.progress, wait_seconds=wait_seconds)

    def drivers(self, as_of: Day = None, *, model: str = "champion") -> DriversResult:
        """What raises and lowers the scores of a day, concept by concept, and how the risk goes with the values.

        It tells what the model reads from the past, not what causes customers to leave.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.

        Raises
        ------
        InputError : when a file is refused.
        ModelError : when there is no such model, or it cannot be used.
        """
        from churnscope.project.models.drivers import drivers

        return drivers(self.config, as_of_day(as_of, self.config), self.progress, model=model)

    def report(
        self, as_of: Day = None, *, model: str = "champion", output: str | Path | None = None, customers: bool = True
    ) -> ReportResult:
        """Write one HTML page: the grade and why, the figures behind it, the scores of the day and what drives them.

        The page needs no network and runs no script. The same report again writes nothing.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.
        output : an `.html` file; default: in the outputs folder.
        customers : name the riskiest customers; the file is then for its owner alone to read (mode 0600).

        Raises
        ------
        ConfigError : when the output is no HTML file.
        InputError : when a file is refused.
        ModelError : when there is no such model, or it cannot be used.
        BusyError : when another run writes the same file.
        StorageError : when the file cannot be written.
        """
        from churnscope.project.report import ReportRequest, report

        request = ReportRequest(model, None if output is None else Path(output), customers)
        return report(self.config, as_of_day(as_of, self.config), self.progress, request)

    def models(self) -> VersionList:
        """Every saved version of the model, with its figures, and which of them serves."""
        from churnscope.project.models.registry import list_models

        return list_models(self.config)

    def show(self, model: str = "champion") -> VersionDetails:
        """One saved version in full.

        Parameters
        ----------
        model : `champion`, `latest`, a version, or the folder of a bundle.

        Raises
        ------
        ModelError : when there is no such model, or it is damaged.
        """
        from churnscope.project.models.registry import show_model

        return show_model(self.config, model)

    def compare(self, one: str, other: str = "champion", *, as_of: Day = None) -> Comparison:
        """Two saved versions on the customers of the newest complete cutoff, from whose outcomes neither has learned.

        Parameters
        ----------
        one, other : each `champion`, `latest`, a version, or the folder of a bundle.

        Raises
        ------
        InputError : when a file is refused or no cutoff is complete.
        ModelError : when there is no such model, or one of them has learned from outcomes after that cutoff.
        """
        from churnscope.project.models.registry import compare_models

        return compare_models(self.config, as_of_day(as_of, self.config), self.progress, one=one, other=other)

    def promote(self, model: str = "latest", *, force: bool = False) -> Served:
        """Make a saved version the champion where the gate is open.

        Parameters
        ----------
        model : `latest`, a version, or the folder of a bundle.
        force : whatever the gate says.

        Raises
        ------
        GateError : when it beats neither the simple rules nor, where there is one, keeps up with the champion.
        ModelError : when there is no such model, or it cannot be used.
        """
        from churnscope.project.models.registry import promote_model

        return promote_model(self.config, self.progress, version=model, force=force)

    def rollback(self) -> Served:
        """Make the champion before the present one the champion again.

        Raises
        ------
        ModelError : when there is none.
        """
        from churnscope.project.models.registry import rollback_model

        return rollback_model(self.config)

    def _days(self, cutoffs: Days) -> tuple[int, ...]:
        given = [cutoffs] if isinstance(cutoffs, (str, date)) or not isinstance(cutoffs, Iterable) else cutoffs
        days = (as_of_day(cutoff, self.config, option="--cutoffs") for cutoff in given)
        return tuple(sorted({day for day in days if day is not None}))


def _numbers(given: Numbers) -> tuple[float, ...]:
    """Some numbers, or one."""
    return tuple(map(float, given)) if isinstance(given, Iterable) else (float(given),)
