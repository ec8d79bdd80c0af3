"""Requests to the function's URL, and its answers. Pure.

Event and answer are those of AWS's payload format 2.0 (Lambda Developer Guide, "Function URLs").
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from rendition_lambda.uploading.request import UploadRefusedError

MAX_BODY_BYTES = 16_384
_JSON = "application/json"
_SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
}


class BadRequestError(UploadRefusedError):
    """A request that the page never sends; `status` is that of the answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status."""
        super().__init__(message)
        self.status = status


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request about a link."""

    link: str


class AskFile(Ask, frozen=True, kw_only=True):
    """A request about a file that was begun."""

    name: str


class AskBegin(AskFile, frozen=True, kw_only=True):
    """A request to sign a file."""

    bytes: int
    content_type: str = ""
    modified: int = 0
    """When the file was last changed (epoch milliseconds)."""


class AskParts(AskFile, frozen=True, kw_only=True):
    """A request to sign parts of a file."""

    numbers: tuple[int, ...]


def path_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Return method and path of a request."""
    return event["requestContext"]["http"]["method"], event["rawPath"]


def body_of(event: Mapping[str, Any]) -> bytes:
    """Return the JSON of a request; raises `BadRequestError` for any other body."""
    kind = str(event.get("headers", {}).get("content-type", "")).partition(";")[0].strip().lower()
    if kind != _JSON:
        raise BadRequestError(415, "the body has to be JSON")
    text = event.get("body") or ""
    if len(text) > 2 * MAX_BODY_BYTES:
        raise BadRequestError(413, "the request is too large")
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else None
    except binascii.Error as error:
        raise BadRequestError(400, "the body cannot be decoded") from error
    data = text.encode(errors="replace") if body is None else body
    if len(data) > MAX_BODY_BYTES:
        raise BadRequestError(413, "the request is too large")
    return data


def answer(status: int, body: bytes, content_type: str, cache: str, policy: str) -> dict[str, Any]:
    """Return an answer with the headers that all answers have; `policy` is for their content."""
    return {
        "statusCode": status,
        "headers": {
            **_SECURITY,
            "Content-Type": content_type,
            "Cache-Control": cache,
            "Content-Security-Policy": policy,
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def json_answer(status: int, value: object) -> dict[str, Any]:
    """Return a value as JSON that nobody stores."""
    return answer(status, msgspec.json.encode(value), _JSON, "no-store", "default-src 'none'")
