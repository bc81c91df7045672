"""What the config says of customers who are inactive: how their return is predicted, and how they are won back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from churnscope.config.fields import Days, DaysOrZero, Name, NotNegativeNumber, PartShare, Positive, Section, Share, Text

TOLD = ("offer", "customer_id", "days_inactive")  # what a message may name


class Reactivation(Section):
    """Of whom, and how far ahead, `--reactivation` tells whether they come back."""

    within_days: Days | None = None  # only of those whose last activity, or end of a term, is at most so many days ago
    horizon_days: Days | None = None  # in which they may come back; default: that of the prediction


class WinBackStep(Section):
    """One of the things that are done, one after the other, until a customer is back."""

    name: Name
    channel: Literal["e-mail", "phone", "sms", "post", "visit"]
    wait_days: DaysOrZero = 14  # after the step before it; of the first one, after the customer could enter
    message: tuple[Text, ...] = ()  # what is said: the first of these of which all that it names is known
    offer: Text | None = None  # what is offered
    offers: dict[Text, Text] = Field(default_factory=dict)  # answer to a survey = what is offered instead
    contact_cost: NotNegativeNumber = 0.0  # of sending it
    offer_cost: NotNegativeNumber = 0.0  # where the customer comes back and takes it

    @field_validator("message", mode="before", json_schema_input_type=str | list[Text])
    @classmethod
    def _one_message(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class WinBack(Section):
    """Who is won back, by which steps, and who is left alone to see what they did."""

    steps: Annotated[tuple[WinBackStep, ...], Field(min_length=1)]
    from_days: Days = 1  # inactive for so many days at least when they enter,
    to_days: Days = 365  # and at most
    least_probability: Share = 0.0  # of coming back, where scores are given; who has none does not enter then
    most_per_day: Positive | None = None  # customers who enter on a day, the likeliest to be worth it first; absent: no limit
    cool_down_days: DaysOrZero = 7  # after any other contact by us: contacts, campaigns, and what came of call lists
    campaign: Text = "win-back"
    control_share: PartShare = 0.1  # of the customers who enter and are left alone
    universal_share: PartShare = 0.0  # of the customers whom every campaign leaves alone
    salt: Text | None = None  # another one draws another control group; default: the config's name
