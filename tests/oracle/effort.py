"""How many examples the properties are tried on: 15 by default, else as `--hypothesis-profile` (ci, nightly) says."""

from __future__ import annotations

from hypothesis import settings

FEW = 15
BY_DEFAULT = settings.get_current_profile_name() == "default"
effort = settings(max_examples=FEW, deadline=None, derandomize=True) if BY_DEFAULT else settings()
fewer = settings(effort, max_examples=2) if BY_DEFAULT else effort  # where each example reads files
