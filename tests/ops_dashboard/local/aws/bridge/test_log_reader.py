from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.local.aws.bridge import log_reader
from ops_dashboard.local.aws.bridge.log_reader import LogReader


class FakeLogs:
    """A log group as ministack returns it: by time, truncated without a token."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def write(self, stream: str, at_ms: int, *messages: str) -> None:
        """Write an invocation's lines, all at once."""
        self.events += [
            {"logStreamName": stream, "timestamp": at_ms, "message": message}
            for message in messages
        ]

    def filter_log_events(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - AWS's own names
        later = [event for event in self.events if event["timestamp"] >= request["startTime"]]
        ordered = sorted(later, key=lambda event: event["timestamp"])
        return {"events": ordered[: request["limit"]]}

    def untyped(self, _service: str) -> FakeLogs:
        return self


@pytest.fixture
def logs() -> FakeLogs:
    return FakeLogs()


def read(reader: LogReader) -> list[str]:
    return [line.message for line in reader.read()]


def test_each_line_is_read_once(logs: FakeLogs) -> None:
    reader = LogReader(logs, "group")  # type: ignore[arg-type]
    logs.write("one", 1_000, "a", "b")
    assert read(reader) == ["a", "b"]
    assert read(reader) == []
    logs.write("two", 1_000, "c")
    logs.write("three", 900_000, "d")
    assert read(reader) == ["c", "d"]
    assert read(reader) == []


def test_a_late_line_with_an_earlier_time_stamp_is_read(logs: FakeLogs) -> None:
    """Of two concurrent invocations, the one with the later time stamp may be written first."""
    reader = LogReader(logs, "group")  # type: ignore[arg-type]
    logs.write("second", 10_000, "b")
    assert read(reader) == ["b"]
    logs.write("first", 9_990, "a")
    assert read(reader) == ["a"]


def test_a_later_run_continues_after_the_newest_line(logs: FakeLogs) -> None:
    first = LogReader(logs, "group")  # type: ignore[arg-type]
    logs.write("one", 1_000, "a")
    assert read(first) == ["a"]
    logs.write("two", 1_001, "b")
    assert read(LogReader(logs, "group", first.newest_ms)) == ["b"]  # type: ignore[arg-type]


def test_a_truncated_response_is_continued(logs: FakeLogs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "_MAX_EVENTS", 4)
    reader = LogReader(logs, "group")  # type: ignore[arg-type]
    for number in range(5):
        logs.write(f"s{number}", 100 + number, f"{number} first", f"{number} last")
    assert read(reader) == [f"{n} {word}" for n in range(5) for word in ("first", "last")]
    assert read(reader) == []


def test_too_many_lines_within_a_millisecond_raise(
    logs: FakeLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reader, "_MAX_EVENTS", 2)
    logs.write("s", 1, "a", "b", "c")
    with pytest.raises(RuntimeError, match="within one millisecond"):
        read(LogReader(logs, "group"))  # type: ignore[arg-type]
