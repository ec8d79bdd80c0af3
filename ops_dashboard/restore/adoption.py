"""Takes windows back into a table that has forgotten them. Edge (DynamoDB).

A creator's state comes before its windows' items, so that an interrupted run is repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from collage_lambda.output.publisher import NO_IMAGES
from ops_dashboard.restore.forgotten import Forgotten
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.table import WindowStatus, collage_status
from stream_ingest.contracts.timestamps import iso_second
from stream_ingest.windowing.repository import CreatorRepository, Decide
from stream_ingest.windowing.rules.adoption import ForgottenWindow, adopt
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.window_items import WINDOW_LIFE_S

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NOT_ENDED = "attribute_not_exists(creator_name) OR #status IN (:ready, :queued, :processing)"


class Adoption:
    """Writes forgotten windows into one table."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float],
        horizon_days: int,
    ) -> None:
        """`clock` gives epoch seconds; images are remembered for `horizon_days`."""
        self._dynamodb, self._table = dynamodb, table_name
        self._clock, self._horizon_days = clock, horizon_days
        self._states = CreatorRepository(dynamodb, table_name)

    def adopt(self, windows: Sequence[Forgotten]) -> list[str]:
        """Remember windows and their images; return the keys of creators that cannot be read.

        Those are left out until they are repaired. Safe to repeat. Raises `TransientError` if the
        pipeline keeps writing a creator meanwhile.
        """
        by_creator: dict[str, list[Forgotten]] = defaultdict(list)
        for window in windows:
            by_creator[window.place[0]].append(window)
        loaded = self._states.load_each(list(by_creator))
        for key, state in loaded.states.items():
            rule = self._adopting([_forgotten(window) for window in by_creator[key]])
            known = state if state.version else _new(state, by_creator[key])
            if self._states.update(known, rule, self._clock).lost:
                msg = f"the pipeline is writing {state.creator!r}: disable its mappings first"
                raise TransientError(msg)
        for window in windows:
            if window.place[0] in loaded.states:
                self._put(window)
        return list(loaded.unreadable)

    def _adopting(self, windows: Sequence[ForgottenWindow]) -> Decide:
        return lambda state, now_s: adopt(state, windows, now_s, self._horizon_days)

    def _put(self, window: Forgotten) -> None:
        try:
            with map_errors(f"write {window.metadata.window_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(_item(window)),
                    ConditionExpression=_NOT_ENDED,
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=to_wire(
                        {
                            ":ready": str(WindowStatus.READY),
                            ":queued": str(WindowStatus.QUEUED),
                            ":processing": str(WindowStatus.PROCESSING),
                        }
                    ),
                )
        except ConflictError:
            return  # it has ended meanwhile, or the SDK repeated this call


def _new(state: CreatorState, windows: Sequence[Forgotten]) -> CreatorState:
    """Return the state of a creator that the table does not have, with the name that is shown."""
    return msgspec.structs.replace(state, display_name=windows[0].metadata.display_name or "")


def _forgotten(window: Forgotten) -> ForgottenWindow:
    return ForgottenWindow(
        number=split_window_id(window.metadata.window_id)[1],
        identities=tuple(cell.identity for cell in window.metadata.cells),
    )


def _item(window: Forgotten) -> Item:
    """Return the item of a window as its worker wrote it."""
    found, (key, sort_key) = window.metadata, window.place
    status = WindowStatus.FAILED
    if found.collage_key is not None:
        status = collage_status(found.images_ok, found.images)
    return {
        table.PARTITION_KEY: key,
        table.SORT_KEY: sort_key,
        "window_id": found.window_id,
        "creator": found.creator,
        "display_name": found.display_name,
        "batch_id": found.batch_id,
        "trigger": found.trigger,
        "status": str(status),
        table.CLOSED_AT: iso_second(found.closed_at),
        "closed_because": found.closed_because,
        "image_count": found.images,
        "images_ok": found.images_ok,
        "images_failed": found.images_failed,
        "failures": found.failures,
        "error": None if found.collage_key else NO_IMAGES,
        "completed_at": found.built_at.isoformat(timespec="seconds"),
        "bytes_downloaded": found.bytes_downloaded,
        "collage_key": found.collage_key,
        "thumbnail_key": found.thumbnail_key,
        "metadata_key": window.key,
        "collage_sha256": found.collage_sha256,
        "request_id": found.lambda_request_id,
        "replayed_as": found.replay,
        table.TTL_ATTRIBUTE: int(found.closed_at.timestamp()) + WINDOW_LIFE_S,
    }
