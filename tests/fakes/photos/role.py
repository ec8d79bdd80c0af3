"""The rights of the rendition function's role, checked at each of its calls.

The embedded AWS leaves some of them unchecked (docs/facts.md), so the policy of the Pulumi program
is evaluated here, with the requests that the function really makes.
"""

from __future__ import annotations

from typing import Any

from components.security import photo_policies

from tests.fakes.photos.cdn import DISTRIBUTION
from tests.fakes.photos.s3 import OTHER, RENDITIONS, UPLOADS
from tests.faults.harness.aws.errors import Wire
from tests.models.authorized import Statement, allowing, authorizations
from tests.models.recording import Request, arn

TABLE, BUS, BACKFILL = "photos", "coverstream-test", "backfill"
POLICY: list[Statement] = photo_policies.photos(
    log_group_arn=arn("logs", "log-group:photos"),
    queue_arns=[arn("sqs", "photos"), arn("sqs", BACKFILL)],
    backfill_arn=arn("sqs", BACKFILL),
    table_arn=arn("dynamodb", f"table/{TABLE}"),
    bus_arn=arn("events", f"event-bus/{BUS}"),
    uploads_arn=f"arn:aws:s3:::{UPLOADS}",
    renditions_arn=f"arn:aws:s3:::{RENDITIONS}",
    other_arns=[f"arn:aws:s3:::{OTHER}"],
    distribution_arn=arn("cloudfront", f"distribution/{DISTRIBUTION}", region=""),
)["Statement"]
BY_LAMBDA = frozenset({"WriteOwnLogs", "ReceiveMessages"})
"""Statements that Lambda uses, and not the function's own requests."""


class RightMissingError(AssertionError):
    """The function called what its role does not allow: a bug in either."""


class PhotoRole:
    """The role's rights, all but those of the statement `without` or of one action of it."""

    def __init__(self, without: str = "") -> None:
        self._statements = [kept for each in POLICY if (kept := _less(each, without))]

    def check(self, service: str, operation: str, request: Wire) -> None:
        """Raise `RightMissingError` unless the role allows all that a request needs."""
        name = "".join(part.title() for part in operation.split("_"))
        for needed in authorizations(
            Request(service=service, operation=name, parameters=request, shape=None)
        ):
            if allowing(self._statements, needed) is None:
                msg = f"the role may not {needed.action} on {needed.resource}"
                raise RightMissingError(msg)

    def guard(self, client: object, service: str) -> Any:  # noqa: ANN401 - stands for a boto3 client
        """Return a client that checks each call."""
        return _Guarded(client, service, self)


def _less(statement: Statement, without: str) -> dict[str, Any] | None:
    if statement["Sid"] == without:
        return None
    return {**statement, "Action": [each for each in statement["Action"] if each != without]}


class _Guarded:
    def __init__(self, client: object, service: str, role: PhotoRole) -> None:
        self._client, self._service, self._role = client, service, role

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - a method of the client
        method = getattr(self._client, operation)

        def call(**request: Wire) -> Wire:
            self._role.check(self._service, operation, request)
            if operation == "head_object":  # S3 says that an object is missing to who may list
                self._role.check("s3", "list_objects_v2", {"Bucket": request["Bucket"]})
            return method(**request)

        return call
