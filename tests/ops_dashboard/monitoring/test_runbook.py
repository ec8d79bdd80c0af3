from __future__ import annotations

from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.runbook import Span, Step, parse_runbook, read_runbook
from tests.fakes.ops.watched_resources import THRESHOLDS
from tools.docs_tables import ANY


def test_the_runbook_has_one_section_for_each_alarm() -> None:
    assert set(read_runbook()) == {alarm.name for alarm in alarms(ANY, THRESHOLDS).values()}


def test_every_section_says_what_the_alarm_means_where_to_look_and_what_to_do() -> None:
    for name, steps in read_runbook().items():
        assert [step.label for step in steps] == ["Means", "Look at", "Do"], name
        assert all(step.spans for step in steps), name


def test_links_to_other_alarms_are_kept_and_links_to_pages_become_text() -> None:
    text = (
        "# Runbook\n\nIntroduction.\n\n## one\n\n- **Means:** it is\n  `late`.\n"
        "- **Do:** see [the other](#two), or [*upgrade*](upgrade.md#now)."
        "\n\n## two\n\n- **Do:** no."
    )
    assert parse_runbook(text) == {
        "one": (
            Step("Means", (Span(" it is"), Span(" "), Span("late", "code"), Span("."))),
            Step(
                "Do",
                (Span(" see "), Span("two", "alarm"), Span(", or "), Span("upgrade"), Span(".")),
            ),
        ),
        "two": (Step("Do", (Span(" no."),)),),
    }
