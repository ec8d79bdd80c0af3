"""Checks that the windows, batches and creators that a user names exist. Edge (DynamoDB)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops_dashboard.inspect.stored_names import StoredNames
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.creators import CreatorCase, creator_of
from stream_ingest.contracts.errors import DecodeError, NotFoundError, UserError
from stream_ingest.contracts.naming import is_creator_name, split_window_id

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SHOWN = 3
_LISTED_BY = "`ops-dashboard {command}` lists them"


class Named:
    """Looks up what a user names in one stack's table.

    Every method raises `NotFoundError` for a thing that does not exist, and `UserError` for text
    that cannot be the name of one.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        stack: str,
        creator_case: CreatorCase = CreatorCase.KEEP,
    ) -> None:
        """Read one stack's table; messages name `stack`."""
        self._names, self._stack = StoredNames(dynamodb, table_name, creator_case), stack
        self._windows = WindowReader(dynamodb, table_name)
        self._batches = BatchRegistry(dynamodb, table_name, time.time)

    def check_windows(self, window_ids: Sequence[str]) -> None:
        """Check windows by their ids, all before any is used."""
        for window_id in window_ids:
            check_window_id(window_id)
        missing = [each for each in window_ids if self._windows.find(each) is None]
        if missing:
            self._raise("window", missing, "windows")

    def check_batch(self, batch_id: str) -> None:
        """Check a batch by its id."""
        if self._batches.load(batch_id) is None:
            self._raise("batch", [batch_id], "status")

    def find_creators(self, spellings: Sequence[str]) -> list[str]:
        """Return the names under which creators are stored; each has a state or a window."""
        for spelling in spellings:
            check_name(spelling)
        names = {spelling: self._names.find(spelling) for spelling in spellings}
        missing = [spelling for spelling, name in names.items() if name is None]
        if missing:
            self._raise("creator", missing, "creators")
        return [name for name in names.values() if name is not None]

    def _raise(self, kind: str, missing: Sequence[str], command: str) -> None:
        shown = ", ".join(missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        listed = _LISTED_BY.format(command=command)
        msg = f"no {kind} {shown}{more} in stack {self._stack!r}; {listed}"
        raise NotFoundError(msg)


def check_window_id(window_id: str) -> None:
    """Raise `UserError` if `window_id` cannot be a window's id. Pure."""
    try:
        split_window_id(window_id)
    except DecodeError as error:
        listed = _LISTED_BY.format(command="windows")
        msg = f"not a window id: {window_id!r} (such as charli:000012); {listed}"
        raise UserError(msg) from error


def check_name(spelling: str) -> None:
    """Raise `UserError` if `spelling` cannot be that of a creator's name. Pure."""
    if not is_creator_name(creator_of(spelling)):
        msg = "not a creator's name: 1 to 128 bytes of UTF-8 without control characters"
        raise UserError(msg)
