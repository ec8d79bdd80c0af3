"""A window leased by one worker: claimed, then finished or released. Edge (DynamoDB).

The moves and their conditions are those of `stream_ingest.contracts.window_lifecycle`. An owner is
one receipt of one message: a claim that meets its own lease is the SDK's retry of a call whose
answer was lost, and holds the window.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from collage_lambda.outcomes import WindowEnd
from collage_lambda.output.keys import processing_date
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table, window_lifecycle
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.window_lifecycle import Move
from stream_ingest.windowing.window_repository import (
    WindowErasedError,
    WindowRepository,
    item_in,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class LeaseLostError(ConflictError):
    """Another worker has taken the window over; nothing of this build may be published."""


class WindowLeasedError(TransientError):
    """Another worker holds the lease until epoch second `until_s`."""

    def __init__(self, window_id: str, until_s: int) -> None:
        """Describe the lease of a window."""
        super().__init__(f"{window_id} is being built by another worker")
        self.until_s = until_s


class ClaimRefusal(StrEnum):
    """Why a window could not be claimed."""

    ALREADY_DONE = "already_done"
    ALREADY_FAILED = "already_failed"
    ERASED = "erased"
    """Its creator was erased after it closed: the window must not come back."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """A claimed window."""

    window_id: str
    owner: str
    until_s: int
    attempt: int
    """How often this window was claimed, this claim included."""
    replay: str | None
    images_before: int
    """Images in the collage that an earlier build published; 0 if there was none."""

    @property
    def request_id(self) -> str:
        """Id of the Lambda request that claimed it: the first part of the owner."""
        return self.owner.partition("/")[0]

    @property
    def is_rebuild(self) -> bool:
        """Whether an earlier build may have stored something."""
        return self.attempt > 1 or self.replay is not None

    def check(self, now_s: float) -> None:
        """Raise `LeaseLostError` if the lease is over. Call before anything is overwritten."""
        if now_s > self.until_s:
            msg = f"{self.window_id}: the lease was over before the window was built"
            raise LeaseLostError(msg)


class WindowLeases:
    """Claims windows and gives them back."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._windows, self._clock = WindowRepository(dynamodb, table_name), clock

    def claim(
        self, event: WindowReady, *, replay: str | None, owner: str, lease_s: float
    ) -> Lease | ClaimRefusal:
        """Take a window for `lease_s` seconds, or return why it is not to be built.

        Raises `WindowLeasedError` if another worker holds it. Safe to call again with the same
        `owner`, which then gets the lease that it has; an owner must not be used for another claim.
        """
        now_s = int(self._clock())
        until_s = now_s + int(lease_s)
        move = window_lifecycle.claim(
            event,
            owner=owner,
            now_s=now_s,
            until_s=until_s,
            date=processing_date(event),
            replay=replay,
        )
        try:
            before = self._windows.exchange(event.window_id, move)
        except ConflictError as error:
            found = item_in(error)
            if not found:
                return self._claim_absent(event, replay=replay, owner=owner, lease_s=lease_s)
            is_own = found.get("lease_owner") == owner
            if not is_own or table.window_status(found) != WindowStatus.PROCESSING:
                return _refusal(event, found)
            attempt = int(found["attempts"])  # counted when the claim was written
            return _lease(event, found, replay=replay, attempt=attempt)
        attempt = int(before.get("attempts", 0)) + 1
        leased = {**before, "lease_owner": owner, "lease_until": until_s}
        return _lease(event, leased, replay=replay, attempt=attempt)

    def _claim_absent(
        self, event: WindowReady, *, replay: str | None, owner: str, lease_s: float
    ) -> Lease | ClaimRefusal:
        """Take a window that has no item: a replay into an empty table, or an erased creator's."""
        until_s = int(self._clock()) + int(lease_s)
        move = window_lifecycle.claim_absent(
            event, owner=owner, until_s=until_s, date=processing_date(event)
        )
        try:
            self._windows.create(event.window_id, move, int(event.closed_at.timestamp()))
        except WindowErasedError:
            return ClaimRefusal.ERASED
        except ConflictError:  # another worker was first, or the SDK repeated this call
            return self.claim(event, replay=replay, owner=owner, lease_s=lease_s)
        return _lease(
            event, {"lease_owner": owner, "lease_until": until_s}, replay=replay, attempt=1
        )

    def finish(self, lease: Lease, end: WindowEnd) -> None:
        """End a window, with the id of the request that built it.

        Raises `LeaseLostError`, and writes nothing, if the lease was lost.
        """
        attributes: Item = msgspec.structs.asdict(end)
        attributes |= {"status": str(end.status), "request_id": lease.request_id}
        self._move(lease, window_lifecycle.finish(lease.owner, attributes, lease.replay))

    def keep_collage(self, lease: Lease, image_count: int, because: str) -> None:
        """End a rebuild that is worse than the collage that exists, whose facts stay.

        Raises `LeaseLostError`, and writes nothing, if the lease was lost.
        """
        status = table.collage_status(lease.images_before, image_count)
        self._move(lease, window_lifecycle.keep_collage(lease.owner, status, lease.replay, because))

    def release(self, lease: Lease) -> None:
        """Give a window back after a transient error; does nothing if the lease was lost."""
        try:
            self._move(lease, window_lifecycle.release(lease.owner, int(self._clock())))
        except LeaseLostError:
            return

    def _move(self, lease: Lease, move: Move) -> None:
        try:
            self._windows.move(lease.window_id, move)
        except ConflictError as error:
            msg = f"{lease.window_id}: the lease was lost"
            raise LeaseLostError(msg) from error


def _lease(event: WindowReady, item: Item, *, replay: str | None, attempt: int) -> Lease:
    """Return the lease that is in a window's item."""
    return Lease(
        window_id=event.window_id,
        owner=item["lease_owner"],
        until_s=int(item["lease_until"]),
        attempt=attempt,
        replay=replay,
        images_before=int(item.get("images_ok", 0)),
    )


def _refusal(event: WindowReady, found: Item) -> ClaimRefusal:
    """Return why a window is not to be built, given the item that a claim met.

    Raises `WindowLeasedError` if it is being built.
    """
    if found.get("status") == WindowStatus.FAILED:
        return ClaimRefusal.ALREADY_FAILED
    if found.get("status") in table.ENDED:
        return ClaimRefusal.ALREADY_DONE
    raise WindowLeasedError(event.window_id, int(found.get("lease_until", 0)))
