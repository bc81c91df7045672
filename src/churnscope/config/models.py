"""The frozen models of a config file. The only place that knows its keys, their defaults and their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from churnscope.config.alerts import Alerts, StageName
from churnscope.config.budget import Budget, LifeCycle, Targets
from churnscope.config.fields import (
    MOST_SEED,
    Channel,
    Character,
    Currency,
    Day,
    Days,
    DaysOrZero,
    Expanded,
    Folder,
    LanguageCode,
    Location,
    MemorySize,
    Name,
    NotNegativeNumber,
    PartShare,
    Positive,
    PositiveShare,
    RoleName,
    Section,
    Share,
    Text,
)
from churnscope.config.flat import ROLE as FLAT
from churnscope.config.processes import KeyEvents, Occasion, Process
from churnscope.config.winning_back import Reactivation, WinBack
from churnscope.errors import ConfigError
from churnscope.languages import Language
from churnscope.levels import safe_word
from churnscope.predicted import Words, words_of
from churnscope.roles import ROLES
from churnscope.timeline import Timing

COLUMN_TYPES = ("text", "number", "boolean", "timestamp", "epoch_seconds", "epoch_milliseconds", "epoch_microseconds")


class Files(Section):
    """One or more files with the same header: a path, a glob or a folder.

    `rename` maps the headers of these files to the ones that all files of the source share.
    """

    path: Location
    rename: dict[str, str] = Field(default_factory=dict)


class Csv(Section):
    """How the CSV files of a source are written. Never guessed at run time."""

    delimiter: Character = ","
    quote: Character = '"'
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    decimal: Literal[".", ","] = "."
    names: tuple[str, ...] = ()  # column names of a file without a header
    missing: tuple[str, ...] = ("",)  # texts that stand for a missing value


class Join(Section):
    """A second table with one row per key (order headers), whose columns the first table's expressions may use."""

    files: Annotated[tuple[Files, ...], Field(min_length=1)]
    on: Annotated[dict[str, str], Field(min_length=1)]  # column of the source = column of the joined table

    @field_validator("files", mode="before", json_schema_input_type=str | list[str | Files])
    @classmethod
    def _one_path(cls, value: object) -> object:
        return as_files(value)


class Rolling(Section):
    """Contracts of which a file has one row each: their terms follow one another, each of this length."""

    months: Text | None = None  # calendar months, as a number or an SQL expression over the columns
    days: Text | None = None  # the same in local days

    @field_validator("months", "days", mode="before", json_schema_input_type=str | int)
    @classmethod
    def _number(cls, value: object) -> object:
        return str(value) if type(value) is int else value

    @property
    def unit(self) -> Literal["months", "days"]:
        """What the length counts."""
        return "days" if self.months is None else "months"

    @property
    def length(self) -> str:
        """The expression of the length."""
        return self.months or self.days or ""


class Source(Section):
    """A set of files in one role."""

    role: RoleName
    files: Annotated[tuple[Files, ...], Field(min_length=1)]
    format: Literal["csv", "parquet"]
    csv: Csv = Csv()
    columns: dict[str, Text]  # role column = column of the file, or an SQL expression over its columns
    types: dict[str, str] = Field(default_factory=dict)  # file column = one of COLUMN_TYPES, or a format of dates with %
    signals: dict[Name, Text] = Field(default_factory=dict)  # own numeric or boolean column = SQL expression
    attributes: dict[Name, Text] = Field(default_factory=dict)  # what else is told of a customer = SQL expression; or columns
    static: tuple[str, ...] = ()  # attributes that never change, so that today's value was the value at any time
    where: Text | None = None  # rows for which it does not hold are ignored
    join: Join | None = None
    row_number: Name | None = None  # a name for the number of a row's line, where the file has no id
    rolling: Rolling | None = None  # of the role subscriptions: one row per contract, read as one row per term
    time_zone: str | None = None  # of times without an offset; default: the config's
    missing_customer: Literal["quarantine", "ignore"] = "quarantine"
    duplicates: Literal["keep", "drop"] = "keep"
    overlap: Literal["keep", "max"] = "keep"
    delay_days: DaysOrZero = 0  # without `known`: a row counts as known this many days after its time
    most_quarantined: Share = 0.01

    @model_validator(mode="before")
    @classmethod
    def _own_word_for_time(cls, table: Any) -> Any:
        """`start` of a term is the row's own time: every later step calls it `time`."""
        name, columns = (table.get("role"), table.get("columns")) if isinstance(table, dict) else (None, None)
        role = ROLES.get(name) if isinstance(name, str) else None
        if role is None or not isinstance(columns, dict) or "time" in columns:
            return table
        return table | {"columns": {"time" if key == role.time_key else key: text for key, text in columns.items()}}

    @field_validator("files", mode="before", json_schema_input_type=str | list[str | Files])
    @classmethod
    def _one_path(cls, value: object) -> object:
        return as_files(value)

    @field_validator("attributes", mode="before", json_schema_input_type=dict[Name, Text] | list[Text] | Literal["*"])
    @classmethod
    def _columns_by_name(cls, value: object) -> object:
        return as_attributes(value)

    @property
    def has_price(self) -> bool:
        """Whether its rows, terms of contracts, have one."""
        return bool(self.columns.keys() & {"price", "price_today"})

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Every column or expression of the files' columns, with the key it stands at."""
        key = ROLES[self.role].key
        texts = [(f"columns.{key(name)}", text) for name, text in self.columns.items()]
        texts += [(f"signals.{name}", text) for name, text in self.signals.items()]
        texts += [(f"attributes.{name}", text) for name, text in self.attributes.items()]
        texts += [("where", self.where)] if self.where is not None else []
        return (*texts, *([(f"rolling.{self.rolling.unit}", self.rolling.length)] if self.rolling else []))


class Rule(Section):
    """One rule of the activity definition: at least so many events, or so much money, in the last days; or terms in force."""

    source: str
    days: Days | None = None  # how far back events count; terms in force need none
    at_least: Annotated[float, Field(gt=0)] = 1.0
    measure: str = "events"  # events, or the name of a money, number or signal column that is added up
    where: str | None = None  # a flag or signal of the source: only rows where it is true count
    in_force: bool = False  # count the terms of contracts that are in force, not the events of the last days
    grace_days: DaysOrZero = 0  # after the end of a term in which its renewal is still awaited

    @property
    def reach_days(self) -> int:
        """How far back the rule looks."""
        return self.grace_days if self.days is None else self.days


class Activity(Section):
    """Who is active."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    combine: Literal["any", "all"] = "any"

    @property
    def grace_days(self) -> int:
        """After the end of a term in which its renewal is awaited, by any rule."""
        return max(rule.grace_days for rule in self.rules)


class Cancel(Section):
    """The rows that are cancellations."""

    source: str
    where: str | None = None  # a flag or signal of the source: only rows where it is true count


class Label(Section):
    """What `churned` means."""

    kind: Literal["no_event", "not_active", "contract_end", "cancel", "partial", "given"] = "no_event"
    delay_days: DaysOrZero = 0
    cancel: Cancel | None = None  # of kind cancel; default: the column `cancelled` of the terms that the rules count
    share: PositiveShare = 0.5  # of kind partial: less than this part of the level before the cutoff has churned


class Stages(Section):
    """By which numbers customers are told apart: the types of customers, and the stages of their life cycle."""

    recent_days: Days = 30  # a purchase, ticket or contact in the last so many days is a recent one
    loyal_events: Positive = 3  # days with a qualifying event that a loyal customer has at least
    loyal_days: DaysOrZero = 180  # and the first of them is so long ago
    reactivated_days: DaysOrZero = 90  # so long after coming back a customer is called reactivated
    onboarding_days: DaysOrZero = 60  # so long after the first qualifying event a customer is new


class Prediction(Section):
    """What is predicted, when, and how far ahead."""

    horizon_days: Days
    of: Literal["churn", "reactivation"] = "churn"  # who leaves of the active, or who comes back of the inactive
    gap_days: DaysOrZero = 0
    ready_hours: Annotated[float, Field(ge=0, le=24)] = 0.0
    cutoffs: tuple[Day, ...] = ()  # listed; empty: planned
    most_cutoffs: Annotated[int, Field(ge=3, le=60)] = 12
    spacing_days: Days | None = None  # default: a third of the horizon
    history_days: DaysOrZero | None = None  # before the first cutoff; default: the longest window of the activity rules
    days_before_end: DaysOrZero | None = None  # look only at terms that end so far ahead, until the next cutoff takes over
    horizon_renewals: Positive | None = None  # the outcome is known at the agreed end of so many terms, within horizon_days

    @property
    def days_apart(self) -> int:
        """Days from one cutoff to the next, as far as they are planned."""
        return self.spacing_days or max(1, self.horizon_days // 3)


class Features(Section):
    """Which features are built."""

    windows_days: tuple[Days, ...] = (30, 90, 180, 365)
    families: tuple[str, ...] = ()  # empty: all that the sources allow
    plugins: tuple[str, ...] = ()  # modules with families of one's own


class Model(Section):
    """How the model is trained."""

    name: Name | None = None  # folder of its bundles; default: the config's name
    seeds: Annotated[int, Field(ge=1, le=20)] = 3
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] = 0
    learning_rate: PositiveShare = 0.03
    leaves: Annotated[int, Field(ge=2, le=256)] = 15
    depth: Annotated[int, Field(ge=1, le=16)] = 5
    feature_share: PositiveShare = 0.7  # of the features, drawn anew for every tree
    l2: Annotated[float, Field(ge=0)] = 5.0  # pull of the leaves towards 0
    rounds: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    patience: Positive = 100  # rounds without improvement before training stops
    trials: Annotated[int, Field(ge=0, le=1_000)] = 0  # settings of the trees to try out; 0: none
    monotone: bool = True  # directions of the catalogue hold in the model
    estimator: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] | None = None  # module:factory of a classifier, only to be judged
    allow_small: bool = False  # learn from fewer than 30 churned customers, promote a model of fewer than 200


class Evaluation(Section):
    """How the model is judged."""

    lift_shares: tuple[PositiveShare, ...] = (0.05, 0.10, 0.20)
    capacity: Positive | None = None  # customers the team can call per period
    bootstraps: Annotated[int, Field(ge=0, le=10_000)] = 500
    folds: Annotated[int, Field(ge=0, le=24)] = 3  # cutoffs of the backtest
    segments: tuple[Name, ...] = ("tenure", "frequency")  # by which customers are judged apart, or names of features


class Value(Section):
    """What a customer is worth."""

    margin: PositiveShare = 1.0  # share of the revenue that is earned
    discount_rate: Annotated[float, Field(gt=0, le=10)] = 0.15  # a year: what is earned a year from now is worth 1 / 1.15 of it
    horizon_days: Days | None = None  # that expected purchases and spend cover; default: that of the prediction
    model: Literal["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "trees", "contracts"] = "auto"
    open_price_days: Annotated[float, Field(gt=0)] = 30.4375  # that the price of a term without an agreed end covers


class Profit(Section):
    """What a contact costs and brings, in the currency of the files."""

    value: Annotated[float, Field(gt=0)] | Literal["customer"]  # of a customer who stays; "customer": each one's own
    contact_cost: Annotated[float, Field(ge=0)] = 1.0
    offer_cost: Annotated[float, Field(ge=0)] = 10.0  # where the offer is taken
    acceptance: PositiveShare = 0.3  # share of those about to leave who accept and stay
    acceptance_trials: Annotated[float, Field(gt=0)] = 20.0  # how sure that is: as if seen in so many trials

    @property
    def one_value(self) -> float | None:
        """What every customer counts as worth; None where each has a value of their own."""
        return None if isinstance(self.value, str) else self.value


class Uplift(Section):
    """Whom the offers of a randomised campaign change."""

    source: Name | None = None  # that tells the arms; default: the only one that does
    campaign: Text | None = None  # which one, where the source tells of several
    control: Text = "control"  # the arm that got nothing
    outcome: Literal["outcome", "retained"] | None = None  # default: the column outcome where it is mapped, else the label
    value: Annotated[float, Field(gt=0)] | None = None  # of one outcome more; default: that of [profit] where retained, else 1
    costs: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict
    )  # by arm; default: the mean of its column cost
    learner: Literal["s", "t", "x"] = "x"  # by which the list is ranked


class Action(Section):
    """What can be done for a customer who may leave: what it costs and brings, and for whom it is."""

    channel: Channel  # through which the customer is reached
    acceptance: (
        Share | dict[Text, Share]
    )  # share of those about to leave who accept and stay; by band or type: the first that fits
    minutes: NotNegativeNumber = 0.0  # of an agent's time
    offer_cost: NotNegativeNumber = 0.0  # where the offer is taken
    contact_cost: NotNegativeNumber = 0.0  # whatever comes of it
    benefit: NotNegativeNumber = 0.0  # what it earns where it is taken, beside keeping the customer
    taken_by_stayers: Share = 1.0  # share of those who would have stayed anyway who take the offer too
    bands: tuple[Literal["high", "medium", "low"], ...] = ()  # only for these; empty: for all
    least_value: NotNegativeNumber = 0.0  # only for customers worth so much
    types: tuple[Text, ...] = ()  # only for customers of one of these types or stages, as "is_loyal", "new"; empty: for all
    all_types: tuple[Text, ...] = ()  # only for customers of all these types or stages
    occasions: tuple[Name, ...] = ()  # only for customers who have one of these soon, as "birthday"; empty: for all
    stop: tuple[Text, ...] = ("open_ticket",)  # not for customers of one of these types or stages, or with an open ticket
    cool_down_days: DaysOrZero = 30  # after any contact by us
    most: Positive | None = None  # at most so many on a list
    arm: Text | None = None  # of a randomised campaign: what it changed says what the action brings, where a list is given that
    label: Text | dict[LanguageCode, Text] | None = (
        None  # its name on lists, for all languages or by language; default: its key
    )
    opening: tuple[Text, ...] | dict[LanguageCode, tuple[Text, ...]] = ()  # what to say first, for all languages or by language

    @field_validator("opening", mode="before", json_schema_input_type=str | list[Text] | dict[LanguageCode, str | list[Text]])
    @classmethod
    def _one_opening(cls, value: object) -> object:
        if isinstance(value, dict):
            return {code: tuple(text) if isinstance(text, list) else _one(text) for code, text in value.items()}
        return _one(value)

    @property
    def every_opening(self) -> tuple[str, ...]:
        """Of all languages."""
        by_language = self.opening.values() if isinstance(self.opening, dict) else [self.opening]
        return tuple(text for texts in by_language for text in texts)

    def openings(self, *languages: str | None) -> tuple[str, ...]:
        """What to say first in the first of these languages that it has words in; nothing where there is none."""
        if not isinstance(self.opening, dict):
            return self.opening
        spoken = self.spoken_in(*languages)
        return next((texts for code, texts in self.opening.items() if code == spoken), ())

    def spoken_in(self, *languages: str | None) -> str | None:
        """The first of these languages that it has words in; None where there is none, or where its words are for all."""
        own = {str(code) for code in self.opening} if isinstance(self.opening, dict) else set()
        return next((code for code in languages if code in own), None)

    def words(self, name: str, language: Language) -> str:
        """Its name on a list, where `name` is its key."""
        if isinstance(self.label, dict):
            own = next((text for code, text in self.label.items() if code == language.code), None)
            return own or language.text(name.replace("_", " "))
        return self.label or language.text(name.replace("_", " "))


class Agent(Section):
    """Who makes the contacts."""

    name: Text
    minutes: Annotated[float, Field(gt=0)]
    languages: tuple[Text, ...] = ()  # empty: all; the first one that lists are written in is that of their sheet


class CallList(Section):
    """Whom to call first: who calls, for how long, for how much money, and who is left alone to see what it did."""

    agents: Annotated[tuple[Agent, ...], Field(min_length=1)]
    campaign: Text | None = None  # default: the config's name
    budget: NotNegativeNumber | None = None  # for offers, all counted as taken, and contacts; absent: no limit
    hour_cost: NotNegativeNumber = 0.0  # of an agent
    control_share: PartShare = 0.1  # of the customers whom the campaign leaves alone
    universal_share: PartShare = 0.0  # of the customers whom every campaign leaves alone
    salt: Text | None = None  # another one draws other control groups; default: the config's name
    item: Text | None = None  # what to offer is told by this SQL over the sources of purchases; default: category, else product
    item_days: Days | None = None  # bought so lately it is not offered; default: the customer's usual days between purchases
    satisfied_from: float | None = None  # whose last rated ticket has so high a satisfaction is of the type `satisfied`
    show: dict[Name, Text] = Field(default_factory=dict)  # on the list and nowhere else = SQL over the source of customers
    reach: dict[Channel, Text] = Field(
        default_factory=dict
    )  # channel = a column that is not empty, or a condition, where it is open

    @field_validator("show", mode="before", json_schema_input_type=dict[Name, Text] | list[Text])
    @classmethod
    def _columns_by_name(cls, value: object) -> object:
        return as_attributes(value)


class PlanLine(Section):
    """What is done for the customers of a stage, or for those of a type in it."""

    action: Name  # one of [actions]
    stages: tuple[StageName, ...] = ()  # empty: of any stage
    types: tuple[Text, ...] = ()  # only those of one of these types, as "is_loyal"; empty: of any


class Plan(Section):
    """What is done for whom: the first line that fits a customer counts."""

    lines: Annotated[tuple[PlanLine, ...], Field(min_length=1)]


class Audit(Section):
    """What the leak audit need not refuse."""

    accept: dict[str, Text] = Field(default_factory=dict)  # feature or source.column = why it is no leak


class Tracking(Section):
    """Where runs are logged."""

    enabled: bool = True
    uri: Expanded | None = Field(default=None, repr=False)  # default: an SQLite store in the outputs folder
    experiment: Text | None = None  # default: the config's name
    required: bool = False


class Outcomes(Section):
    """Where lists and what came of them are remembered."""

    url: Expanded | None = Field(default=None, repr=False)  # of SQLAlchemy; default: an SQLite file in the outputs folder


class Folders(Section):
    """Where results go, relative to the config file."""

    outputs: Folder = Path("outputs")
    models: Folder = Path("models")
    plugins: Folder = Path()  # where modules of [features] plugins are looked for first


class Engine(Section):
    """What the engine may use."""

    memory_limit: MemorySize | None = None  # such as "4GB"; default: the engine's own
    threads: Positive | None = None


class Config(Section):
    """A whole config file."""

    name: Name
    time_zone: str = "UTC"
    resolution: Annotated[float, Field(gt=0)] = 0.01  # the smallest amount of money that counts
    language: LanguageCode = "en"  # of reasons and lists
    currency: Currency | None = None  # of all amounts, as "EUR"; absent: numbers alone
    complete_through: Day | None = None  # last day on which the data are whole; default: day of the newest row the label reads
    sources: Annotated[dict[Name, Source], Field(min_length=1)]
    activity: Activity
    label: Label = Label()
    prediction: Prediction
    stages: Stages = Stages()
    features: Features = Features()
    model: Model = Model()
    evaluation: Evaluation = Evaluation()
    audit: Audit = Audit()
    value: Value = Value()
    uplift: Uplift = Uplift()
    profit: Profit | None = None  # absent: nothing is said of money
    lifecycle: LifeCycle = LifeCycle()
    targets: Targets = Targets()
    budget: Budget | None = None  # absent: of the target only customers are counted
    actions: dict[Name, Action] = Field(default_factory=dict)  # what can be done for customers
    call_list: CallList | None = None  # absent: no call list
    reactivation: Reactivation = Reactivation()
    win_back: WinBack | None = None  # absent: nobody is won back
    alerts: Alerts | None = None  # absent: nobody is told at once
    plan: Plan | None = None  # absent: no plan of actions
    processes: dict[Name, Process] = Field(default_factory=dict)  # what customers go through with us, beside what is found
    key_events: KeyEvents = KeyEvents()
    occasions: dict[Name, Occasion] = Field(default_factory=dict)  # beside birthdays, which are found where they are mapped
    tracking: Tracking = Tracking()
    outcomes: Outcomes = Outcomes()
    folders: Folders = Folders()
    engine: Engine = Engine()

    @property
    def flat(self) -> Source | None:
        """The flat file of a config that reads one: a row a customer, the label a column of it."""
        return next((source for source in self.sources.values() if source.role == FLAT), None)

    @property
    def has_days(self) -> bool:
        """Whether rows tell of a day; without one, customers are told apart by parts, not by time."""
        return self.flat is None or "time" in self.flat.columns

    @property
    def is_of_reactivation(self) -> bool:
        """Whether it is asked who comes back, not who leaves."""
        return self.prediction.of == "reactivation"

    @property
    def words(self) -> Words:
        """How sentences speak of what is predicted."""
        return words_of(self.prediction.of)

    def reactivating(self) -> Config:
        """The same business, asked who of the inactive comes back: has an event that counts as activity, or begins a term.

        Raises
        ------
        ConfigError : when nothing tells of a return: a flat file has no events, and a return is no label that was given.
        """
        if self.flat is not None or self.label.kind == "given":
            raise ConfigError(
                "Nothing tells who comes back: labels are given, and say who left.",
                "Reactivation needs sources of events and a kind of [label] that is read from them, such as no_event.",
            )
        asked: dict[str, Any] = {"of": "reactivation", "days_before_end": None, "horizon_renewals": None}
        if self.reactivation.horizon_days is not None:
            asked["horizon_days"] = self.reactivation.horizon_days
        return self.model_copy(
            update={
                "prediction": self.prediction.model_copy(update=asked),
                "label": Label(delay_days=self.label.delay_days),
            }
        )

    @property
    def sources_of_churn(self) -> frozenset[str]:
        """The sources that say who is active and who has left."""
        named = [self.label.cancel.source] if self.label.cancel else []
        return frozenset([*(rule.source for rule in self.activity.rules), *named])

    @property
    def timing(self) -> Timing:
        """What is predicted, and when it is known.

        Renewals that are counted have their days of grace inside the horizon.
        """
        prediction, label = self.prediction, self.label
        waits = label.kind == "contract_end" and prediction.horizon_renewals is None
        grace_days = self.activity.grace_days if waits else 0
        return Timing(prediction.horizon_days, prediction.gap_days, label.delay_days, grace_days, prediction.horizon_renewals)

    @property
    def values_contracts(self) -> bool:
        """Whether `[value]` is about contracts: where it says so, or who is active is told by priced terms in force."""
        if self.value.model != "auto":
            return self.value.model == "contracts"
        counted = {rule.source for rule in self.activity.rules if rule.in_force and rule.source in self.sources}
        return bool(counted) and all(self.sources[name].has_price for name in counted)

    @property
    def due_days(self) -> tuple[int, int] | None:
        """How far ahead of a cutoff a term has to end, from and below; None: it does not matter."""
        first = self.prediction.days_before_end
        return None if first is None else (first, first + self.prediction.days_apart)


def _one(value: object) -> object:
    """A text alone is a list of one."""
    return (value,) if isinstance(value, str) else value


def as_attributes(value: object) -> object:
    """`attributes = ["Plan", "Zip code"]` means the columns of these headers, each named in small letters.

    Examples
    --------
    >>> as_attributes(["Plan", "Zip code"])
    {'plan': 'Plan', 'zip_code': 'Zip code'}
    """
    if isinstance(value, (list, tuple)) and all(isinstance(header, str) for header in value):
        return {safe_word(header) or header: header for header in value}
    return value


def as_files(value: object) -> object:
    """`files = "a.csv"` and `files = ["a.csv", {path = ...}]` mean what they seem to."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)):
        return tuple({"path": item} if isinstance(item, str) else item for item in value)
    return value
