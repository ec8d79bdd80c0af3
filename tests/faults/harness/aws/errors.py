"""Errors as botocore raises them, for the fakes of the fault harness."""

from __future__ import annotations

from typing import Any, TypeAlias

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

BAD_REQUEST = 400
Wire: TypeAlias = Any
"""A parameter or an answer in whatever form AWS gives it."""


class KilledError(BaseException):
    """The process died at this point: nothing may catch it, nothing after it was done."""


class NotModelledError(AssertionError):
    """A fake got a request that it does not model; it never guesses an answer."""


def client_error(
    code: str, operation: str, message: str = "", *, status: int = BAD_REQUEST, **extra: Wire
) -> ClientError:
    """Return AWS's refusal; `extra` joins the top of the response (Item, CancellationReasons)."""
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **extra,
    }
    return ClientError(response, operation)


def validation_error(operation: str, message: str) -> ClientError:
    """Return AWS's error for a malformed request."""
    return client_error("ValidationException", operation, message)


def no_connection(service: str) -> EndpointConnectionError:
    """Return what botocore raises if the request was never sent."""
    return EndpointConnectionError(endpoint_url=f"https://{service}")


def no_answer(service: str) -> ReadTimeoutError:
    """Return what botocore raises if the request was sent and no answer came."""
    return ReadTimeoutError(endpoint_url=f"https://{service}")


def known(given: dict[str, Any], *names: str) -> None:
    """Refuse parameters that a fake does not model."""
    unknown = sorted(given.keys() - set(names))
    if unknown:
        msg = f"parameters that the fake does not know: {', '.join(unknown)}"
        raise NotModelledError(msg)
