from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import ConflictError, TransientError


def client_error(code: str, *reasons: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(response, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        client_error("ConditionalCheckFailedException"),
        client_error("TransactionCanceledException", "None", "ConditionalCheckFailed"),
    ],
)
def test_a_failed_conditional_check_is_a_conflict(error: ClientError) -> None:
    with (
        pytest.raises(ConflictError, match=r"^commit charli: ") as caught,
        map_errors("commit charli"),
    ):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("ThrottlingException"),
        client_error("SlowDown", status=503),
        client_error("InternalServerError", status=500),
        client_error("Whatever", status=502),
        client_error("KmsThrottled"),
        client_error("KMS.ThrottlingException"),
        client_error("RequestThrottled"),
        client_error("TransactionConflictException"),
        client_error("TransactionCanceledException", "TransactionConflict", "None"),
        client_error("TransactionCanceledException", "ThrottlingError"),
        ReadTimeoutError(endpoint_url="https://e"),
        ConnectTimeoutError(endpoint_url="https://e"),
    ],
)
def test_a_passing_failure_is_transient_and_not_a_conflict(error: Exception) -> None:
    with pytest.raises(TransientError, match=r"^put: ") as caught, map_errors("put"):
        raise error
    assert not isinstance(caught.value, ConflictError)


@pytest.mark.parametrize(
    "error",
    [
        client_error("AccessDeniedException"),
        client_error("ValidationException"),
        client_error("TransactionCanceledException", "ValidationError"),
        ValueError("a bug"),
    ],
)
def test_a_bug_or_a_missing_permission_is_raised_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, map_errors("put"):
        raise error
    assert caught.value is error
    assert error.__cause__ is None
