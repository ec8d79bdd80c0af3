"""Errors of AWS access as one line for whoever runs a command. Edge (environment, botocore)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from stream_ingest.aws.denials import RIGHTS_PAGE, is_denial, missing_right
from stream_ingest.aws.errors import error_code
from stream_ingest.contracts.errors import UserError

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_LOOPBACK = ("127.0.0.1", "localhost")
_PATTERN = re.compile(r"(Member must satisfy )?regular expression pattern: \S+")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Convert errors of AWS access inside the block to a `UserError` of one line."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise plain_error(error) from error


def plain_error(error: BotoCoreError | ClientError) -> UserError:
    """Return an error of AWS access as one line that says what to do."""
    if isinstance(error, ClientError):
        return UserError(_refusal(error))
    return UserError(_before_any_answer(error))


def _refusal(error: ClientError) -> str:
    if error_code(error) in _EXPIRED:
        return f"your AWS session has expired: {_sign_in('aws sso login')}, or renew what you set"
    if is_denial(error):
        return f"AWS: you lack the right {missing_right(error)} ({RIGHTS_PAGE}): {error}"
    return f"AWS: {_PATTERN.sub('it has a character that is not allowed', str(error))}"


def _before_any_answer(error: BotoCoreError) -> str:
    match error:
        case NoCredentialsError():
            msg = (
                "no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or, for the embedded"
                ' AWS, eval "$(ops-dashboard local up)"'
            )
        case NoRegionError():
            msg = "no AWS region: set AWS_REGION"
        case SSOError() | TokenRetrievalError():
            msg = f"your AWS sign-in has expired: {_sign_in('aws sso login')}"
        case LoginError():
            msg = f"your AWS sign-in has expired: {_sign_in('aws login')}"
        case EndpointConnectionError() | ConnectTimeoutError():
            is_local = any(host in str(error) for host in _LOOPBACK)
            hint = "; `ops-dashboard local status` shows what runs here" if is_local else ""
            msg = f"no answer from AWS: {error}{hint}"
        case ProfileNotFound():
            msg = str(error)
        case _:
            msg = f"AWS: {error}"
    return msg


def _sign_in(command: str) -> str:
    profile = os.environ.get("AWS_PROFILE")
    return f"run `{command}{f' --profile {profile}' if profile else ''}`"
