"""In which language a command writes."""

from __future__ import annotations

from churnscope.config.models import Agent, Config
from churnscope.errors import ConfigError
from churnscope.languages import CODES, Language, code_in, language


def asked_language(text: str | None) -> str | None:
    """The code of the language that is asked for; None where none is.

    Raises
    ------
    ConfigError : when nothing is written in it.
    """
    if text is None:
        return None
    code = code_in(text)
    if code is None:
        raise ConfigError(f"Nothing is written in the language {text!r}.", f"Ask for one of {', '.join(CODES)}.")
    return code


def language_of(config: Config, asked: str | None = None) -> Language:
    """The language that is asked for, else that of the config, with the config's currency."""
    return language(asked or config.language, config.currency or "")


def language_of_agent(config: Config, agent: Agent, asked: str | None = None) -> Language:
    """That asked for; else the first of the agent's languages that is one of ours; else that of the config."""
    own = next((code for code in map(code_in, agent.languages) if code is not None), None)
    return language_of(config, asked or own)
