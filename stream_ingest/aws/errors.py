"""Mapping of AWS error codes to the error tree, for the whole project. Edge (botocore).

What botocore raises after its own retries is a failed conditional check (`ConflictError`), a
passing failure (`TransientError`), or a bug or a missing permission, which is raised unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)

from stream_ingest.contracts.errors import ConflictError, TransientError, UnreadableItemError

CONDITION_FAILED = frozenset(
    {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "412"}
)
"""S3's codes of a failed conditional write: the object exists, is being written, or is gone."""
_CONFLICTS = frozenset({"ConditionalCheckFailedException", "ConditionalCheckFailed"})
_TRANSIENT = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalError",
        "KMS.ThrottlingException",
        "KMSThrottlingException",
        "KmsThrottled",
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "OverLimit",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_SERVER_ERROR = 500
_ABOUT_CONTENT = re.compile(
    "operand in the update expression has an incorrect data type"
    "|item size .*exceeded"
    "|refers to an attribute that does not exist",
    re.IGNORECASE,
)


@contextmanager
def map_errors(doing: str) -> Iterator[None]:
    """Convert botocore's errors inside the block to ours; the message begins with `doing`."""
    try:
        yield
    except ClientError as error:
        ours = _translate(error, doing)
        if ours is None:
            raise
        raise ours from error
    except (AwsConnectionError, HTTPClientError) as error:
        msg = f"{doing}: {error}"
        raise TransientError(msg) from error


@contextmanager
def map_item_errors(doing: str, partition: str, sort: str) -> Iterator[None]:
    """As `map_errors`, for a write of one item; `UnreadableItemError` if its content forbids it."""
    with map_errors(doing):
        try:
            yield
        except ClientError as error:
            message = error.response.get("Error", {}).get("Message", "")
            if error_code(error) == "ValidationException" and is_about_content(message):
                raise UnreadableItemError(partition, sort, message) from error
            raise


def is_about_content(message: str) -> bool:
    """Return whether a message of DynamoDB says that the stored item, not the request, is wrong."""
    return _ABOUT_CONTENT.search(message) is not None


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, such as ``ThrottlingException``."""
    return error.response.get("Error", {}).get("Code", "")


def _translate(error: ClientError, doing: str) -> TransientError | None:
    response = cast("dict[str, Any]", error.response)
    code = error_code(error)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    codes = {code} | {
        reason.get("Code", "None") for reason in response.get("CancellationReasons", [])
    }
    msg = f"{doing}: {', '.join(sorted(codes - {'None'}))}"
    if codes & _CONFLICTS:
        return ConflictError(msg)
    if codes & _TRANSIENT or status >= _SERVER_ERROR:
        return TransientError(msg)
    return None
