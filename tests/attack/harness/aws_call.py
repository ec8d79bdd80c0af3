"""Which service and operation of AWS a request is for, and its errors in that service's form. Pure.

The service is the one that the request is signed for: in the credential scope of its Authorization
header, or of a presigned URL. AWS's services write their errors in four ways, `Wire`:
https://smithy.io/2.0/aws/protocols/index.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

_SCOPE = re.compile(r"[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_NAMES = {"monitoring": "cloudwatch"}
"""Services whose name in a scope is not the one that people use."""
_THROTTLED = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "kinesis": "ProvisionedThroughputExceededException",
    "lambda": "TooManyRequestsException",
    "s3": "SlowDown",
    "sqs": "RequestThrottled",
    "sts": "Throttling",
}
"""What a service calls a request that is one too many; elsewhere it is ThrottlingException."""
_THROTTLED_STATUS = {"lambda": 429, "scheduler": 429, "s3": 503}
"""The other services answer 400."""
_INTERNAL = {"s3": "InternalError", "dynamodb": "InternalServerError", "lambda": "ServiceException"}
_INVOKE = re.compile(r"/2015-03-31/functions/[^/]+/invocations")


class Wire(StrEnum):
    """How a service writes its errors."""

    JSON = "json"
    QUERY = "query"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to AWS: its service, operation, and the form of its errors."""

    service: str
    operation: str
    wire: Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswer:
    """The answer to a request that AWS refuses."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def call_of(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Call:
    """Return what a request calls.

    `headers` are looked up by lower-case names. An unsigned request's service is the one in its
    target, or ``unknown``.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query, keep_blank_values=True)
    scope = _SCOPE.search(
        headers.get("authorization", "") or query.get("X-Amz-Credential", [""])[0]
    )
    target_service, _, target = headers.get("x-amz-target", "").rpartition(".")
    service = scope["service"] if scope else target_service.partition("_")[0].lower() or "unknown"
    service = _NAMES.get(service, service)
    if target:
        return Call(service=service, operation=target, wire=Wire.JSON)
    if service == "s3":
        operation = _s3_operation(method, parts.path, query.keys(), headers)
        return Call(service=service, operation=operation, wire=Wire.REST_XML)
    actions = parse_qs(body.decode("latin-1")).get("Action") or query.get("Action")
    if actions:
        return Call(service=service, operation=actions[0], wire=Wire.QUERY)
    operation = "Invoke" if _INVOKE.fullmatch(parts.path) else f"{method} {parts.path}"
    return Call(service=service, operation=operation, wire=Wire.REST_JSON)


def throttled(call: Call) -> ErrorAnswer:
    """Return what a service answers to one request too many."""
    code = _THROTTLED.get(call.service, "ThrottlingException")
    return _answer(call, _THROTTLED_STATUS.get(call.service, 400), code)


def internal_error(call: Call) -> ErrorAnswer:
    """Return a service's answer of 500."""
    return _answer(call, 500, _INTERNAL.get(call.service, "InternalFailure"))


def unavailable(call: Call) -> ErrorAnswer:
    """Return a service's answer of 503."""
    return _answer(call, 503, "ServiceUnavailable")


def _answer(call: Call, status: int, code: str) -> ErrorAnswer:
    headers = {"x-amzn-RequestId": "by-a-test"}
    if call.wire in {Wire.JSON, Wire.REST_JSON}:
        kind = "application/json" if call.wire is Wire.REST_JSON else "application/x-amz-json-1.1"
        headers |= {"Content-Type": kind, "x-amzn-ErrorType": code}
        if call.service == "sqs":
            headers["x-amzn-query-error"] = f"{code};Sender"
        body = json.dumps({"__type": code, "message": "by a test"})
        return ErrorAnswer(status=status, headers=headers, body=body.encode())
    text = f"<Code>{code}</Code><Message>by a test</Message>"
    if call.wire is Wire.QUERY:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error></ErrorResponse>"
        return ErrorAnswer(
            status=status, headers=headers | {"Content-Type": "text/xml"}, body=text.encode()
        )
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'
    return ErrorAnswer(
        status=status, headers=headers | {"Content-Type": "application/xml"}, body=body.encode()
    )


def _s3_operation(
    method: str, path: str, flags: Collection[str], headers: Mapping[str, str]
) -> str:
    """Return the operation of a path-style request: ``/bucket`` or ``/bucket/key``."""
    if not path.strip("/").partition("/")[2]:
        return _bucket_operation(method, flags)
    if "uploads" in flags or "uploadId" in flags:
        return _multipart_operation(method, flags)
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return f"{method.capitalize()}Object"


def _bucket_operation(method: str, flags: Collection[str]) -> str:
    if "delete" in flags:
        return "DeleteObjects"
    if method == "GET":
        return "ListObjects"
    return f"{method.capitalize()}Bucket"


def _multipart_operation(method: str, flags: Collection[str]) -> str:
    if "partNumber" in flags:
        return "UploadPart"
    names = {
        "POST": "CompleteMultipartUpload",
        "DELETE": "AbortMultipartUpload",
        "GET": "ListParts",
    }
    return "CreateMultipartUpload" if "uploads" in flags else names.get(method, method)
