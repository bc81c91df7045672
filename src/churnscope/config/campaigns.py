"""Which sources tell who got which offer."""

from __future__ import annotations

from churnscope.config.models import Config


def arm_sources(config: Config) -> list[str]:
    """The sources that map an arm: those of campaigns, and a flat file that was made of one."""
    return [name for name, source in config.sources.items() if "arm" in source.columns]
