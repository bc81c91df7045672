"""Write the pages that are read off the program itself: commands, features, the config's schema.

python docs/generate.py            write them
python docs/generate.py --check    exit 1 and name those that differ
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from churnscope.levels import Level

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 80
BUSINESS = {  # the columns a well-documented business has
    "purchases": {"amount", "quantity", "is_return", "order", "product", "category", "channel", "discount", "minute_of_day"},
    "engagement": {"kind", "channel", "value", "duration", "minute_of_day"},
    "support": {"resolved", "resolved_day", "severity", "topic", "satisfaction"},
    "contacts": {"channel", "direction", "response"},
    "subscriptions": {
        *(
            "end",
            "end_day",
            "ended",
            "ended_day",
            "cancelled",
            "cancelled_day",
            "reason",
            "plan",
            "price",
            "auto_renew",
            "kind",
        ),
        *("due", "due_day", "paid", "paid_day", "failed"),
    },
    "campaigns": {"arm", "campaign", "cost"},
    "customers": {
        "start",
        "birthday",
        "acquisition_channel",
        "acquisition_cost",
        "referred_by",
        "loyalty",
        "loyalty_since",
        "your_number",
        "your_flag",
        "your_day",
        "your_text",
    },
}


def _levels(word: str) -> tuple[Level, Level]:
    return Level(f"one {word}", 1), Level(f"another {word}", 2)


FACTS = {  # of columns of one's own, and of texts
    "flags": {"customers": frozenset({"your_flag"})},
    "dates": {"customers": frozenset({"your_day"})},
    "levels": {
        "customers": {"acquisition_channel": _levels("channel"), "your_text": _levels("text")},
        "engagement": {"kind": _levels("kind"), "channel": _levels("channel")},
    },
}
WINDOWS = (30, 90, 180, 365)
FEATURES_INTRO = """\
What the built-in families give a business whose files have every column of their roles, over windows of {days} days and
everything (*ever*): {count} features. `churnscope catalog CONFIG` prints those of yours. Where nothing is said of a missing
value, there is none. *Risk* tells the direction the model is held to: ↑ more raises it, ↓ more lowers it."""


def main() -> None:
    """Write the pages, or say which differ."""
    pages = {REFERENCE / name: make() for name, make in PAGES.items()}
    differing = [path for path, text in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        if differing:
            sys.exit(f"Run `make golden`: {', '.join(path.name for path in differing)} no longer fit the program.")
        return
    for path in differing:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages[path], encoding="utf-8")
        print(f"wrote {path.name}")


def commands_page() -> str:
    """Every command's help, as a terminal of 80 columns shows it."""
    top = help_of()
    parts = ["# Commands", "Read off `--help`.", block(top)]
    for words in _commands():
        parts += [f"## churnscope {' '.join(words)}", block(help_of(*words))]
    return "\n\n".join(parts) + "\n"


def help_of(*words: str) -> str:
    """What `churnscope WORDS --help` prints."""
    from churnscope.cli.app import main as program

    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1", TERM="dumb")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        program([*words, "--help"])
    return printed.getvalue().rstrip()


def _commands() -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups one by one."""
    for name in _listed(help_of()):
        inner = _listed(help_of(name))
        yield from ((name, word) for word in inner) if inner else iter([(name,)])


def _listed(text: str) -> list[str]:
    """The names under `Commands:` of a help text."""
    _, found, rest = text.partition("\nCommands:\n")
    return re.findall(r"^  ([a-z][\w-]*)", rest.split("\n\n")[0], re.MULTILINE) if found else []


def features_page() -> str:
    """Every built-in feature of a business with all columns."""
    from churnscope.features import FAMILIES, catalog

    families = {family.name: family for family in FAMILIES}
    columns = {role: frozenset(names) for role, names in BUSINESS.items()}
    specs = catalog(columns, WINDOWS, FAMILIES, **FACTS)
    parts = [
        "# Features",
        FEATURES_INTRO.format(days=", ".join(map(str, WINDOWS)), count=len(specs)),
    ]
    for role in (*BUSINESS, ""):
        of_role = [spec for spec in specs if spec.role == role]
        parts += [f"## {role.capitalize() or 'Several roles, or the day itself'}"] if of_role else []
        for name, group in groupby(of_role, key=lambda spec: spec.family):
            rows = [_feature_row(spec) for spec in group]
            head = ("| feature | unit | said of a customer | a missing value means | risk |", "| --- | --- | --- | --- | --- |")
            parts += [f"### {name.replace('_', ' ').capitalize()}", families[name].meaning, "\n".join((*head, *rows))]
    return "\n\n".join(parts) + "\n"


def _feature_row(spec: object) -> str:
    said = re.sub(r"\{[^}]*?(%?)\}", r"…\1", spec.plain)
    direction = {1: "↑", -1: "↓", 0: ""}[spec.direction]
    cells = (f"`{spec.name}`", spec.unit, said, spec.say(math.nan, {}), direction)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def config_schema() -> str:
    """The JSON schema of a config file."""
    from churnscope.config.models import Config

    schema = Config.model_json_schema(mode="validation")
    # A flat file needs neither [activity] nor [prediction].
    filled = ["activity", "prediction"]
    other_role = {"not": {"properties": {"role": {"const": "snapshot"}}}}
    schema["required"] = [key for key in schema["required"] if key not in filled]
    schema["if"] = {"properties": {"sources": {"additionalProperties": other_role}}}
    schema["then"] = {"required": filled}
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2, sort_keys=True) + "\n"


def block(text: str) -> str:
    """Text as a terminal shows it."""
    return f"```text\n{text}\n```"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "features.md": features_page,
    "schemas/config.schema.json": config_schema,
}

if __name__ == "__main__":
    main()
