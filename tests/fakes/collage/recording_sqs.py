"""An SQS client that records how the visibility of messages is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class RecordingSqs:
    """Records; `error`, if set, is raised instead."""

    def __init__(self) -> None:
        self.changes: list[dict[str, object]] = []
        self.error: Exception | None = None

    @property
    def client(self) -> SQSClient:
        """Return this fake in the type of the client that it stands for."""
        return cast("SQSClient", self)

    def change_message_visibility(self, **request: object) -> None:
        if self.error is not None:
            raise self.error
        self.changes.append(request)
