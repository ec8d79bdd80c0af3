from __future__ import annotations

import re

from ops_dashboard.monitoring.alarms import alarms
from tests.fakes.ops.watched_resources import THRESHOLDS
from tests.paths import ROOT
from tools.docs_tables import ANY

RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"


def sections() -> dict[str, str]:
    _, *parts = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0]: part for part in parts}


def test_the_runbook_has_one_section_for_each_alarm() -> None:
    assert set(sections()) == {alarm.name for alarm in alarms(ANY, THRESHOLDS).values()}


def test_every_section_says_what_the_alarm_means_where_to_look_and_what_to_do() -> None:
    for name, text in sections().items():
        for word in ("**Means:**", "**Look at**", "**Do:**"):
            assert text.count(word) == 1, name
