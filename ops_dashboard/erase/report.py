"""What an erasure found, did and left. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import msgspec

from ops_dashboard.erase.subject import Subject
from stream_ingest.windowing.rules.state import CreatorState

UNREADABLE_RECORDS = "records under failed/ that cannot be decoded"
UNREADABLE_PACKS = "packs of images that cannot be read"
UNREADABLE_FILES = "input files that cannot be read"
WAITING_FILES = "input files that wait to be read"
_WHY = {
    UNREADABLE_RECORDS: "nobody can say whose rows they have: delete them if you do not need them",
    UNREADABLE_PACKS: "nobody can say whose images they have: delete them if you do not need them",
    UNREADABLE_FILES: "not CSV, or over 256 MB: look for the creator in them yourself",
    WAITING_FILES: "they name the creator: run this again when they are archived",
}


class Remainder(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an erasure leaves where it is, and why, or until when."""

    what: str
    why: str


class EraseReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an erasure, or of its rehearsal."""

    creator: str
    earlier_names: list[str] = []
    """Other names under which earlier versions stored the creator; what they had is counted."""
    is_rehearsal: bool
    is_blocked: bool
    """Whether later rows of the creator are refused."""
    found: dict[str, int]
    """Number of things that were removed (in a rehearsal: that would be), by kind."""
    left: list[Remainder]


def remainders(
    who: Subject, state: CreatorState, kept: Counter[str], *, searched_inputs: bool
) -> list[Remainder]:
    """Return what an erasure leaves, from what concerns this creator to what concerns all.

    `kept` is the number of files that stay, by kind; `searched_inputs` is whether the input bucket
    was searched.
    """
    left = [
        Remainder(what="its name in the table, with numbers and no image", why=_mark_life(state)),
        Remainder(
            what="empty items in place of its latest lists of images",
            why="a day; they keep out what a function that is running may store late",
        ),
        Remainder(
            what="collages of mixed batches",
            why="they do not record whose an image is: erase --creator mixed-BATCH removes all of"
            " one batch",
        ),
        Remainder(
            what="records in the stream",
            why="until its retention ends, after 7 days at most; its rows are refused",
        ),
        Remainder(
            what="events in the archive and messages in queues",
            why="until archiveRetentionDays, or 14 days; a replay of them is refused",
        ),
        Remainder(
            what="log lines with the ids of its windows",
            why="until the retention of the logs ends; they contain no URL",
        ),
        Remainder(
            what="backups of the table (point-in-time recovery), and your own copies",
            why="35 days; whoever restores a backup has to erase again",
        ),
    ]
    left[2:2] = [
        Remainder(what=f"{count:,} {kind}", why=_WHY[kind]) for kind, count in kept.items()
    ]
    if not searched_inputs:
        files = "files in the input bucket, archived ones too"
        left.insert(2, Remainder(what=files, why="they are yours; --input-files removes its rows"))
    if not who.name.startswith("mixed-"):
        return left
    return [each for each in left if not each.what.startswith("collages of mixed")]


def _mark_life(state: CreatorState) -> str:
    if state.is_blocked:
        return "for as long as it is blocked: it keeps later rows out"
    if state.expires_at is None:
        return "400 days; it keeps rows and events from before the erasure out"
    until = datetime.fromtimestamp(state.expires_at, UTC)
    return f"until {until:%Y-%m-%d}; it keeps rows and events from before the erasure out"


def add_up(found: Counter[str]) -> dict[str, int]:
    """Return counts by kind, without zeros, the largest first."""
    return {kind: count for kind, count in found.most_common() if count}
