"""What to do about an overdue window: leave it, emit it again, or abandon it. Pure.

A window is overdue if its event was never marked as sent, if it waited too long for a worker, or if
its worker's lease has expired. It is emitted again until it has been claimed as often as its
message may be received, or has been emitted `MAX_EMISSIONS` times. Then it is abandoned, so that
no window is ever stuck.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_name, window_id

MAX_EMISSIONS = 5
"""Maximum number of emissions without a worker claiming the window."""
EVENT_UNREADABLE = "its event cannot be read"
"""Reason for abandoning a window whose stored event is missing or unreadable."""


class Action(Enum):
    """What to do about an overdue window."""

    LEAVE = "leave"
    EMIT = "emit"
    ABANDON = "abandon"


class OverdueWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of a window's status item that determine the action."""

    key: str
    item: str
    window_id: str
    creator: str
    batch_id: str
    trigger: str
    status: str
    """The attribute; `table.window_status` of the item is what the window is."""
    image_count: int
    stage: str | None = None
    attempts: int = 0
    emissions: int = 0
    lease_until: int = 0
    images_ok: int = 0
    """Images in the collage of an earlier build; 0 if there is none."""


def read_overdue(item: Item) -> OverdueWindow:
    """Return the window of a status item; raises `UnreadableItemError` if it is wrong."""
    numbers = ("image_count", "attempts", "emissions", "lease_until", "images_ok")
    with decoding(item):
        table.WindowStatus(table.window_status(item))
        return OverdueWindow(
            key=item[table.PARTITION_KEY],
            item=item[table.SORT_KEY],
            window_id=item["window_id"],
            creator=item["creator"],
            batch_id=item["batch_id"],
            trigger=item["trigger"],
            status=table.WindowStatus(item["status"]),
            stage=item.get(table.STAGE),
            **{name: whole(item.get(name, 0)) for name in numbers},
        )


def stand_in(item: Item) -> OverdueWindow:
    """Return what the key of an unreadable status item says, and what else can be read of it.

    Raises `UnreadableItemError` if it is not the key of a window.
    """
    with decoding(item):
        key, sort = item[table.PARTITION_KEY], item[table.SORT_KEY]
        return OverdueWindow(
            key=key,
            item=sort,
            window_id=window_id(key, table.window_number(sort)),
            creator=creator_name(key),
            batch_id=str(item.get("batch_id", "")),
            trigger=str(item.get("trigger", "")),
            status=str(item.get("status", "")),
            image_count=0,
        )


def action_on(window: OverdueWindow, now_s: int, max_attempts: int) -> Action:
    """Return what to do about a window from the due index, given its consistently read item."""
    if window.status in table.ENDED:
        return Action.LEAVE  # the index lags
    if window.lease_until >= now_s:
        return Action.LEAVE  # it is being built
    if window.attempts >= max_attempts or window.emissions >= MAX_EMISSIONS:
        return Action.ABANDON
    return Action.EMIT


def abandon_reason(window: OverdueWindow) -> str:
    """Return the reason for abandoning a window, for its item and its event."""
    if window.attempts:
        return f"no worker ended it in {window.attempts} attempts; see its dead letter and logs"
    return f"emitted {window.emissions} times, but no worker took it up; see `ops-dashboard dlq`"
