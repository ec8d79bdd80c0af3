"""The timeline of one photo, from the table, the buckets, the dead letters and the logs. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ops_dashboard.trace.query import MAX_LINES
from ops_dashboard.trace.timeline import LOG, OBJECTS, TABLE, LogLine, Step, StoredObject
from rendition_lambda.photo_item import Photo, PhotoStatus
from stream_ingest.contracts.log_fields import PHOTO_LINE_FIELDS

MAX_LOG_AGE = timedelta(days=30)
"""How far back log lines are searched: Logs Insights bills by what it reads."""
_TOKEN = re.compile(r"[^A-Za-z0-9_-]")


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an original, or the mark of its deletion."""

    version: str
    at: datetime
    bytes: int | None = None
    """None for the mark of a deletion."""
    is_latest: bool = False


class LetterAbout(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter about a photo."""

    ref: str
    when: str
    why: str


class PhotoStory(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one photo."""

    name: str
    gallery: str
    photo: Photo | None
    needs: str
    """Work that it needs to be as its current version and its recipe make it; `nothing` if none."""
    versions: list[StoredVersion]
    objects: list[StoredObject]
    letters: list[LetterAbout]
    steps: list[Step]
    """In the order in which they happened."""
    notes: list[str]
    """What could not be read, and why."""
    query: str
    log_groups: list[str]


def photo_query(name: str) -> str:
    """Return the query for the log lines of one photo, oldest first.

    Characters that are special to the query match any character, so it may find lines of photos
    with similar names; `lines_about` leaves them out.
    """
    logged = json.dumps(name, ensure_ascii=False)[1:-1]
    pattern = _TOKEN.sub(".", logged)
    return (
        f"fields {', '.join([*PHOTO_LINE_FIELDS, '@message'])}\n"
        f"| filter @message like /{pattern}/\n"
        "| sort @timestamp asc\n"
        f"| limit {MAX_LINES}"
    )


def lines_about(name: str, lines: Iterable[LogLine]) -> list[LogLine]:
    """Return the lines whose photo is this one."""
    return [line for line in lines if line.facts.get("photo") == name]


def photo_steps(
    photo: Photo | None,
    versions: Iterable[StoredVersion],
    objects: Iterable[StoredObject],
    lines: Iterable[LogLine],
) -> list[Step]:
    """Return what happened to a photo, in order."""
    steps = [*map(_version_step, versions), *_object_steps(objects), *_item_steps(photo)]
    for line in lines:
        facts = {name: value for name, value in line.facts.items() if name != "photo"}
        what = f"{line.service}: {line.message}"
        steps.append(Step(at=line.at, source=LOG, what=what, facts=facts))
    return sorted(steps, key=lambda step: step.at)


def _version_step(version: StoredVersion) -> Step:
    facts: dict[str, Any] = {"version": version.version}
    if version.bytes is None:
        return Step(at=version.at, source=OBJECTS, what="original deleted", facts=facts)
    facts["bytes"] = version.bytes
    return Step(at=version.at, source=OBJECTS, what="original uploaded", facts=facts)


def _object_steps(objects: Iterable[StoredObject]) -> Iterator[Step]:
    written: dict[datetime, list[str]] = {}
    for each in objects:
        if each.written_at is not None:
            written.setdefault(each.written_at, []).append(each.what)
    for at, names in written.items():
        yield Step(at=at, source=OBJECTS, what=f"{', '.join(names)} written")


def _item_steps(photo: Photo | None) -> Iterator[Step]:
    if photo is None:
        return
    at = photo.processed_at or photo.updated_at
    if photo.is_finished and at:
        ended = {"version": photo.version, "reason": photo.reason, "detail": photo.detail}
        known = {name: value for name, value in ended.items() if value}
        yield Step(at=datetime.fromisoformat(at), source=TABLE, what=_end(photo), facts=known)
    elif at := photo.updated_at:
        facts: dict[str, Any] = {"attempts": photo.attempts, "owner": photo.owner}
        yield Step(at=datetime.fromisoformat(at), source=TABLE, what="photo claimed", facts=facts)


def _end(photo: Photo) -> str:
    return "upload signed" if photo.status is PhotoStatus.PENDING else f"photo {photo.status}"
