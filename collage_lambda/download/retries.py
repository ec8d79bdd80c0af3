"""Whether to retry a download, and how long to wait before. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from collage_lambda.reasons import Failure, FailureReason

_TRY_LATER = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)
_FORBIDDEN = frozenset({401, 403})
_GONE = frozenset({404, 410})


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how soon to retry."""

    attempts: int = 3
    """Maximum number of requests for one URL, including the first."""
    base_s: float = 0.25
    cap_s: float = 4.0
    max_retry_after_s: float = 10.0
    """A server whose Retry-After is longer than this gets no further request."""

    def wait_s(
        self, failure: Failure, attempt: int, uniform: Callable[[float, float], float]
    ) -> float | None:
        """Return the seconds to wait after the `attempt`-th request failed, or None for no retry.

        Exponential backoff with full jitter, added to the server's Retry-After. `attempt` counts
        from 1; `uniform` draws between two bounds.
        """
        if not failure.reason.is_passing or attempt >= self.attempts:
            return None
        retry_after_s = failure.retry_after_s or 0.0
        if retry_after_s > self.max_retry_after_s:
            return None
        return retry_after_s + uniform(0.0, min(self.cap_s, self.base_s * 2 ** (attempt - 1)))


def status_failure(status: int, retry_after: str | None, now_s: float) -> Failure:
    """Return the failure for an HTTP status other than 200."""
    if status in _FORBIDDEN:
        return Failure(reason=FailureReason.FORBIDDEN, status=status)
    if status in _GONE:
        return Failure(reason=FailureReason.NOT_FOUND, status=status)
    if status in _TRY_LATER or status in _SERVER_ERRORS:
        return Failure(
            reason=FailureReason.SERVER_ERROR,
            status=status,
            retry_after_s=parse_retry_after(retry_after, now_s),
        )
    return Failure(reason=FailureReason.HTTP_ERROR, status=status)


def parse_retry_after(value: str | None, now_s: float) -> float | None:
    """Return the seconds in a Retry-After header (a number or an HTTP date), or None.

    Source: RFC 9110, section 10.2.3. A date in the past means no wait.
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
