"""A classic EventBridge bus in memory: PutEvents, rules, an archive and its replays.

Delivery is at least once and in no order; a replay brings the archive's events again, slice of a
minute by slice, shuffled within each, with ``replay-name``. Nothing replayed is archived again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.faults.harness.aws.errors import NotModelledError, client_error, validation_error

MAX_ENTRIES = 10
MAX_REQUEST_BYTES = 1 << 20
MAX_DETAIL_TYPE = 128
_SLICE_S = 60
_PUT, _REPLAY = "PutEvents", "StartReplay"
Event = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """Events that match go to the target."""

    pattern: Mapping[str, Sequence[Any]]
    target: Callable[[Event], object]

    def matches(self, event: Event) -> bool:
        """Return whether the event matches every field of the pattern."""
        return all(
            any(_meets(event, name, wanted) for wanted in choices)
            for name, choices in self.pattern.items()
        )


def _meets(event: Event, name: str, wanted: object) -> bool:
    if isinstance(wanted, str):
        return event.get(name) == wanted
    if isinstance(wanted, dict) and wanted.keys() == {"prefix"}:
        return str(event.get(name, "")).startswith(wanted["prefix"])
    if isinstance(wanted, dict) and wanted.keys() == {"exists"}:
        return (name in event) is wanted["exists"]
    msg = f"event pattern {wanted!r}"
    raise NotModelledError(msg)


@dataclass
class FakeBus:
    """The bus `name`; `archives` says which events are stored for a replay."""

    name: str
    clock: Callable[[], float]
    archives: Mapping[str, Sequence[Any]]
    rules: list[Rule] = field(default_factory=list)
    received: list[Event] = field(default_factory=list)
    """Every event that was put, in order; without replays."""
    archive: list[tuple[float, Event]] = field(default_factory=list)
    _replays: set[str] = field(default_factory=set)

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Take events: HTTP 200 whatever became of them, so each result has to be read."""
        if not 0 < len(Entries) <= MAX_ENTRIES:
            msg = f"{len(Entries)} entries: from 1 to {MAX_ENTRIES} are taken"
            raise validation_error(_PUT, msg)
        if sum(len("".join(entry.values()).encode()) for entry in Entries) >= MAX_REQUEST_BYTES:
            msg = "Total size of the entries in the request is over the limit."
            raise validation_error(_PUT, msg)
        results = [self._take(entry) for entry in Entries]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def start_replay(self, name: str, start_s: float, end_s: float, random: Random) -> None:
        """Bring the archived events of a time again; a name serves once."""
        if name in self._replays:
            code = "ResourceAlreadyExistsException"
            raise client_error(code, _REPLAY)
        self._replays.add(name)
        slices: dict[int, list[Event]] = {}
        for time_s, event in self.archive:
            if start_s <= time_s <= end_s:
                slices.setdefault(int(time_s // _SLICE_S), []).append(event)
        for number in sorted(slices):
            random.shuffle(slices[number])
            for event in slices[number]:
                self._deliver({**event, "replay-name": name})

    def _take(self, entry: Mapping[str, str]) -> dict[str, str]:
        unknown = entry.keys() - {"EventBusName", "Source", "DetailType", "Detail"}
        if unknown:
            raise NotModelledError(str(unknown))
        problem = _problem(entry)
        if problem is not None:
            return {"ErrorCode": problem, "ErrorMessage": problem}
        event_id = f"event-{len(self.received):08d}"
        if entry["EventBusName"] != self.name:
            return {"EventId": event_id}  # AWS says so of a bus that is not there, and drops it
        now = datetime.fromtimestamp(self.clock(), UTC)
        event = {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": str(entry["Source"]),
            "account": "123456789012",
            "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": "us-east-1",
            "resources": [],
            "detail": json.loads(entry["Detail"]),
        }
        self.received.append(event)
        if Rule(self.archives, self._deliver).matches(event):
            self.archive.append((now.timestamp(), event))
        self._deliver(event)
        return {"EventId": event_id}

    def _deliver(self, event: Event) -> None:
        for rule in self.rules:
            if rule.matches(event):
                rule.target(event)


def _problem(entry: Mapping[str, str]) -> str | None:
    """Return the error code of an entry that EventBridge does not take."""
    if not all(entry.get(name) for name in ("Source", "DetailType", "Detail")):
        return "InvalidArgument"
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException"
    if len(entry["DetailType"]) > MAX_DETAIL_TYPE:
        return "InvalidArgument"
    try:
        content = json.loads(entry["Detail"])
    except ValueError:
        return "MalformedDetail"
    return None if isinstance(content, dict) else "MalformedDetail"
