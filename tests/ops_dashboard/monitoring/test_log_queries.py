from __future__ import annotations

from ops_dashboard.monitoring.log_queries import window_lines_query


def test_the_latest_lines_about_windows_are_shown_first() -> None:
    assert "| sort @timestamp desc\n| limit 20" in window_lines_query(20)
