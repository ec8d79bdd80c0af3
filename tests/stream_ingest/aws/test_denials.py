"""A missing right is named, also where AWS's answer does not name it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from stream_ingest.aws.denials import is_denial, missing_right
from stream_ingest.aws.plain_errors import plain_errors
from stream_ingest.contracts.errors import UserError


def error(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("operation", "code", "message", "right"),
    [
        (
            "GetItem",
            "AccessDeniedException",
            "User: arn:me is not\nauthorized to perform: dynamodb:GetItem on resource: arn:x",
            "dynamodb:GetItem",
        ),
        (
            "CreateTopic",
            "AuthorizationError",
            "User: arn:me is not authorized to perform: SNS:CreateTopic on resource: arn:x",
            "SNS:CreateTopic",
        ),
        ("HeadObject", "403", "Forbidden", "s3:GetObject"),
        ("ListObjectVersions", "AccessDenied", "Access Denied", "s3:ListBucketVersions"),
        ("Surprise", "AccessDenied", "Access Denied", "Surprise"),
    ],
)
def test_a_denied_request_names_the_missing_right(
    operation: str, code: str, message: str, right: str
) -> None:
    denied = error(operation, code, message)
    assert is_denial(denied)
    assert missing_right(denied) == right
    with (
        pytest.raises(UserError, match=rf"AWS: you lack the right {right} \(docs/"),
        plain_errors(),
    ):
        raise denied


@pytest.mark.parametrize("code", ["NoSuchKey", "404", "ThrottlingException", "ValidationException"])
def test_another_error_is_no_missing_right(code: str) -> None:
    other = error("GetObject", code, "no")
    assert not is_denial(other)
    with pytest.raises(UserError) as caught, plain_errors():
        raise other
    assert "right" not in str(caught.value)
