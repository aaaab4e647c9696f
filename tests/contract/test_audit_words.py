"""Every action of the audit log has a sentence in the dashboard, and every sentence an action."""

import re
from pathlib import Path

from muster_shared.auth.audit import ACTIONS

_WORDS = Path(__file__).parents[2] / "services/dashboard/src/features/settings/audit-words.ts"


def test_the_dashboard_has_words_for_every_action() -> None:
    assert set(re.findall(r'^  "([a-z_]+\.[a-z_]+)": "', _WORDS.read_text(), re.MULTILINE)) == ACTIONS
