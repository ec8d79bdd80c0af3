"""What browsers show is downloaded, and what is not has a reason that is true."""

from __future__ import annotations

import brotli  # type: ignore[import-untyped]
import pytest

from collage_lambda.download.fetch import Body
from collage_lambda.reasons import Failure
from tests.fakes.collage.network import RawServer, answer
from tests.fakes.collage.raw_answers import BODY, CLOSE, HEAD, outcome_of

pytestmark = pytest.mark.usefixtures("connection_kind")

JPEG = b"\xff\xd8\xff\xe0 picture \xff\xd9"


@pytest.mark.parametrize(
    "chunk",
    [
        answer(JPEG, "Content-Encoding: br"),
        answer(JPEG, "Content-Encoding: zstd"),
        answer(brotli.compress(JPEG), "Content-Encoding: br, br"),
        HEAD + b"Content-Length: 99\r\n" + CLOSE + JPEG,
        HEAD + b"Transfer-Encoding: chunked\r\n" + CLOSE + b"%x\r\n" % len(JPEG) + JPEG,
    ],
)
def test_an_image_is_taken_whatever_its_headers_say(raw_server: RawServer, chunk: bytes) -> None:
    """As browsers do: its beginning and its end are there."""
    assert outcome_of(raw_server, chunk) == Body(data=JPEG, attempts=1)


@pytest.mark.parametrize(
    ("chunk", "reason", "detail"),
    [
        (answer(BODY, "Content-Encoding: zstd"), "unsupported_format", "Content-Encoding zstd"),
        (
            answer(BODY, "Content-Encoding: br"),
            "corrupt",
            "not br, which its Content-Encoding says",
        ),
        (
            answer(BODY, "Content-Encoding: gzip,gzip,gzip,br"),
            "unsupported_format",
            "Content-Encoding 4",
        ),
        (answer(b"").replace(b"200 OK", b"204 No Content"), "http_error", ""),
        (
            answer(BODY, "Content-Range: bytes 0-11/99").replace(b"200 OK", b"206 Partial"),
            *("http_error", "a part of the image"),
        ),
        (answer(BODY, "X-A: " + "a" * 99_000), "http_error", "not HTTP as it should be: "),
        (answer(BODY).replace(b"200 OK", b"408 Slow"), "server_error", ""),
    ],
)
def test_a_failure_has_a_reason_that_is_true(
    raw_server: RawServer, chunk: bytes, reason: str, detail: str
) -> None:
    outcome = outcome_of(raw_server, chunk)
    assert isinstance(outcome, Failure)
    assert outcome.reason == reason
    assert outcome.detail.startswith(detail)
