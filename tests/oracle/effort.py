"""How many examples the properties are tried on: 15 by default, else as `--hypothesis-profile` (ci, nightly) says.

Where each example reads files, which takes a hundred times as long, a tenth of them.
"""

from __future__ import annotations

from hypothesis import settings

FEW, FEWER = 15, 2
BY_DEFAULT = settings.get_current_profile_name() == "default"
effort = settings(max_examples=FEW, deadline=None, derandomize=True) if BY_DEFAULT else settings()
fewer = settings(effort, max_examples=FEWER if BY_DEFAULT else effort.max_examples // 10)
