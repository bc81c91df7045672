"""The kinds of values a config holds, each with its limits."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from churnscope.config.places import Place
from churnscope.errors import ConfigError
from churnscope.languages.language import Code

RoleName = Literal[
    "purchases",
    "engagement",
    "support",
    "contacts",
    "campaigns",
    "subscriptions",
    "customers",
    "extra_features",
    "labels",
    "snapshot",
]
Channel = Literal["phone", "e-mail", "visit"]
LanguageCode = Code
# A century of days: more is a slip of the keyboard, and day numbers stay far from overflow.
MOST_DAYS = 36_500
MOST_SEED = 2**31 - 1  # LightGBM's seeds are 32-bit


def _day(value: object) -> object:
    """A day may stand in quotes; a moment of a day may not."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return value


def _expanded(text: str, info: ValidationInfo) -> str:
    return _with_place(info, text, located=False)


def _located(text: str, info: ValidationInfo) -> str:
    return _with_place(info, text, located=True)


def _with_place(info: ValidationInfo, text: str, *, located: bool) -> str:
    """The text with variables filled in when the config's place is known, as written otherwise."""
    place = info.context
    if not isinstance(place, Place):
        return text
    try:
        return place.located(text) if located else place.expanded(text)
    except ConfigError as error:
        raise PydanticCustomError("refused", "{what}", {"what": error.what, "advice": error.advice}) from error


def _located_folder(folder: Path, info: ValidationInfo) -> Path:
    return Path(_located(str(folder), info))


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
NotNegativeNumber = Annotated[float, Field(ge=0)]
Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
DaysOrZero = Annotated[int, Field(ge=0, le=MOST_DAYS)]
Share = Annotated[float, Field(ge=0, le=1)]
PartShare = Annotated[float, Field(ge=0, lt=1)]
PositiveShare = Annotated[float, Field(gt=0, le=1)]
Character = Annotated[str, Field(min_length=1, max_length=1, pattern=r"[^\r\n]")]
Day = Annotated[date, BeforeValidator(_day)]
MemorySize = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$")]
Text = Annotated[str, Field(min_length=1)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Expanded = Annotated[Text, AfterValidator(_expanded)]
Location = Annotated[Text, AfterValidator(_located)]
Folder = Annotated[Path, Field(strict=False, validate_default=True), AfterValidator(_located_folder)]


class Section(BaseModel):
    """A table of the config: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _lists_to_tuples(cls, table: Any) -> Any:
        """TOML has lists; what is frozen has tuples."""
        if not isinstance(table, dict):
            return table
        return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
