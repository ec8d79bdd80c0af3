"""When a download is tried again, and how long to wait before. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from collage_lambda.reasons import Failure, FailureReason

_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = range(500, 600)
_FORBIDDEN = frozenset({401, 403})
_GONE = frozenset({404, 410})


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how fast to try again."""

    attempts: int = 3
    """Requests for one URL, the first included."""
    base_s: float = 0.25
    cap_s: float = 4.0
    longest_retry_after_s: float = 10.0
    """A server that asks for more patience than this is not asked again."""

    def wait_s(
        self, failure: Failure, attempt: int, uniform: Callable[[float, float], float]
    ) -> float | None:
        """Return seconds to wait after the `attempt`-th request failed, or None to give up.

        Exponential backoff with full jitter, never less than what the server asked for. `attempt`
        counts from 1; `uniform` draws between two bounds.
        """
        if not failure.reason.is_passing or attempt >= self.attempts:
            return None
        asked_s = failure.retry_after_s or 0.0
        if asked_s > self.longest_retry_after_s:
            return None
        return asked_s + uniform(0.0, min(self.cap_s, self.base_s * 2 ** (attempt - 1)))


def status_failure(status: int, retry_after: str | None, now_s: float) -> Failure:
    """Return the failure that an HTTP status other than 200 stands for."""
    if status in _FORBIDDEN:
        return Failure(reason=FailureReason.FORBIDDEN, status=status)
    if status in _GONE:
        return Failure(reason=FailureReason.NOT_FOUND, status=status)
    if status == _TOO_MANY_REQUESTS or status in _SERVER_ERRORS:
        return Failure(
            reason=FailureReason.SERVER_ERROR,
            status=status,
            retry_after_s=parse_retry_after(retry_after, now_s),
        )
    return Failure(reason=FailureReason.HTTP_ERROR, status=status)


def parse_retry_after(value: str | None, now_s: float) -> float | None:
    """Return the seconds in a Retry-After header (a number or an HTTP date), or None.

    Source: RFC 9110, section 10.2.3. A date that has passed means no wait.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now_s)
    except (ValueError, OverflowError):
        return None
