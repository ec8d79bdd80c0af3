"""The status item of a window: claimed under a lease, then ended. Edge (DynamoDB).

::

    (absent) ─┐                     ┌─► completed | partial | failed
    ready ────┼─ claim ► processing ┤        (end, keep)
    queued ───┘     ▲               └─► queued (release, after a passing error)
                    │ lease over
                    └─ or: ended, and a replay that has not been applied

Every arrow is one conditional write. A lease outlives its invocation, so on Lambda its holder is
dead when it is over. The condition on `lease_owner` stops whoever lost a lease all the same. An
owner is one receipt of one message: a claim that meets its own lease is the SDK's retry of a call
whose answer was lost, and holds the window.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from collage_lambda.output.keys import processing_date
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.table import WindowStatus

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DUE_MARGIN_S = 60
"""How long after a lease's end the sweeper finds its window due."""
RETRY_DUE_S = 900
"""When the sweeper finds a released window due, in case its message is not delivered again."""

_REPLAYABLE = (
    "#status IN (:completed, :partial, :failed)"
    " AND (attribute_not_exists(replayed_as) OR replayed_as <> :replay)"
)
_CLAIMABLE = (
    "attribute_not_exists(#status) OR #status IN (:ready, :queued)"
    " OR (#status = :processing AND lease_until < :now)"
)
_CLAIM = (
    "SET #status = :processing, lease_owner = :owner, lease_until = :until, due_shard = :shard,"
    " due_at = :due, window_id = :window_id, creator = :creator, batch_id = :batch_id,"
    " #trigger = :trigger, processing_date = :date, image_count = :image_count ADD attempts :one"
)
_LEASE = ("lease_owner", "lease_until")
_DUE = ("due_shard", "due_at")
_NAMES = {"#status": "status", "#trigger": "trigger"}


class LeaseLostError(ConflictError):
    """Another worker has taken the window over; what this one did must not count."""


class WindowLeasedError(TransientError):
    """Another worker is at the window right now; the message has to come again later."""


class Refusal(StrEnum):
    """Why a window could not be claimed."""

    ALREADY_DONE = "already_done"
    ALREADY_FAILED = "already_failed"
    LEASED_BY_OTHER = "leased_by_other"


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed window."""

    window_id: str
    owner: str
    until_s: int
    attempt: int
    """How often this window was claimed, this time included."""
    replay: str | None
    images_before: int
    """Images in the collage that an earlier build published; 0 where there was none."""

    def check(self, now_s: float) -> None:
        """Raise `LeaseLostError` where the lease is over, before anything is overwritten."""
        if now_s > self.until_s:
            msg = f"{self.window_id}: the lease was over before the window was built"
            raise LeaseLostError(msg)


class WindowEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What a window's status item says in the end."""

    status: WindowStatus
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    completed_at: str
    duration_ms: int
    collage_key: str | None = None
    thumbnail_key: str | None = None
    metadata_key: str | None = None
    originals_key: str | None = None
    collage_sha256: str | None = None
    error: str | None = None


class Windows:
    """Claims and ends windows."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """Use a table; `clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock

    def claim(
        self, event: WindowReady, *, replay: str | None, owner: str, lease_s: float
    ) -> Lease | Refusal:
        """Take a window for `lease_s` seconds, or say why not.

        An item that is not there (a replay into an empty table) is made from the event. `owner` is
        never used for another claim: a lease under its name is the one that is being asked for.
        """
        now_s = int(self._clock())
        until_s = now_s + int(lease_s)
        key, _ = split_window_id(event.window_id)
        values: Item = {
            ":processing": str(WindowStatus.PROCESSING),
            ":ready": str(WindowStatus.READY),
            ":queued": str(WindowStatus.QUEUED),
            ":owner": owner,
            ":until": until_s,
            ":now": now_s,
            ":shard": table.due_shard(key),
            ":due": until_s + DUE_MARGIN_S,
            ":window_id": event.window_id,
            ":creator": event.creator,
            ":batch_id": event.batch_id,
            ":trigger": event.trigger,
            ":date": processing_date(event),
            ":image_count": event.image_count,
            ":one": 1,
        }
        condition = _CLAIMABLE
        if replay is not None:
            condition = f"{_CLAIMABLE} OR ({_REPLAYABLE})"
            values[":replay"] = replay
            values |= {f":{status}": str(status) for status in table.ENDED}
        try:
            before = self._update(event.window_id, _CLAIM, condition, values, _NAMES)
        except ConflictError as error:
            found = _item_in(error)
            is_mine = found.get("lease_owner") == owner
            if found.get("status") != WindowStatus.PROCESSING or not is_mine:
                return _refusal(found)
            attempt = int(found["attempts"])  # counted when the claim was written
            return _lease(event, found, replay=replay, attempt=attempt)
        attempt = int(before.get("attempts", 0)) + 1
        held = {**before, "lease_owner": owner, "lease_until": until_s}
        return _lease(event, held, replay=replay, attempt=attempt)

    def end(self, lease: Lease, end: WindowEnd) -> None:
        """End a window; `LeaseLostError`, and nothing written, where the lease is gone."""
        attributes: Item = msgspec.structs.asdict(end)
        attributes["status"] = str(end.status)
        self._leave(lease, attributes | _applied(lease), *_LEASE, *_DUE)

    def keep(self, lease: Lease, image_count: int) -> None:
        """End a rebuild that is worse than the collage that is there: all stays as it was."""
        status = table.collage_status(lease.images_before, image_count)
        self._leave(lease, {"status": str(status)} | _applied(lease), *_LEASE, *_DUE)

    def release(self, lease: Lease) -> None:
        """Give a window back after a passing error; nothing happens where the lease was lost."""
        due_s = int(self._clock()) + RETRY_DUE_S
        attributes = {"status": str(WindowStatus.QUEUED), "due_at": due_s}
        try:
            self._leave(lease, attributes, *_LEASE)
        except LeaseLostError:
            return

    def _leave(self, lease: Lease, attributes: Item, *removed: str) -> None:
        """Set attributes and remove others, those that are None among them."""
        present = {name: value for name, value in attributes.items() if value is not None}
        absent = {*removed, *(attributes.keys() - present.keys())}
        names = {f"#{name}": name for name in (*present, *absent)}
        values = {f":{name}": value for name, value in present.items()}
        values[":owner"] = lease.owner
        expression = (
            f"SET {', '.join(f'#{name} = :{name}' for name in present)}"
            f" REMOVE {', '.join(f'#{name}' for name in sorted(absent))}"
        )
        try:
            self._update(lease.window_id, expression, "lease_owner = :owner", values, names)
        except ConflictError as error:
            msg = f"{lease.window_id}: the lease was lost"
            raise LeaseLostError(msg) from error

    def _update(
        self,
        window_id: str,
        expression: str,
        condition: str,
        values: Item,
        names: dict[str, str],
    ) -> Item:
        """Update and return what was there before; `ConflictError` where the condition fails."""
        key, number = split_window_id(window_id)
        request: Any = {
            "TableName": self._table,
            "Key": to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_wire(values),
            "ReturnValues": "ALL_OLD",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with map_errors(f"update {window_id}"):
            answer = self._dynamodb.update_item(**request)
        return from_wire(answer.get("Attributes", {}))


def _applied(lease: Lease) -> Item:
    """Return the mark of the replay that this lease was for; an ordinary build leaves none."""
    return {} if lease.replay is None else {"replayed_as": lease.replay}


def _lease(event: WindowReady, held: Item, *, replay: str | None, attempt: int) -> Lease:
    """Return the lease that is in a window's item."""
    return Lease(
        window_id=event.window_id,
        owner=held["lease_owner"],
        until_s=int(held["lease_until"]),
        attempt=attempt,
        replay=replay,
        images_before=int(held.get("images_ok", 0)),
    )


def _item_in(error: ConflictError) -> Item:
    """Return the item that DynamoDB sends along with a failed condition."""
    cause: Any = error.__cause__
    return from_wire(cause.response.get("Item", {}))


def _refusal(found: Item) -> Refusal:
    """Return a failed claim's reason, which is in the item that it met."""
    if found.get("status") == WindowStatus.FAILED:
        return Refusal.ALREADY_FAILED
    is_done = found.get("status") in table.ENDED
    return Refusal.ALREADY_DONE if is_done else Refusal.LEASED_BY_OTHER
