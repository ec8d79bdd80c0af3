from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.download.retries import RetryPolicy, parse_retry_after, status_failure
from collage_lambda.reasons import Failure, FailureReason, representative

POLICY = RetryPolicy(attempts=4, base_s=0.5, cap_s=1.5, max_retry_after_s=10)
NOW_S = 1_700_000_000.0


def highest(_low: float, high: float) -> float:
    return high


def lowest(low: float, _high: float) -> float:
    return low


@pytest.mark.parametrize(("attempt", "bound_s"), [(1, 0.5), (2, 1.0), (3, 1.5)])
def test_the_wait_is_drawn_below_a_bound_that_doubles_up_to_a_cap(
    attempt: int, bound_s: float
) -> None:
    failure = Failure(reason=FailureReason.TIMEOUT)
    assert POLICY.wait_s(failure, attempt, highest) == bound_s
    assert POLICY.wait_s(failure, attempt, lowest) == 0


def test_no_request_is_tried_more_often_than_the_policy_allows() -> None:
    assert POLICY.wait_s(Failure(reason=FailureReason.TIMEOUT), 4, lowest) is None


@pytest.mark.parametrize("reason", FailureReason)
def test_only_passing_failures_are_retried(reason: FailureReason) -> None:
    wait_s = POLICY.wait_s(Failure(reason=reason), 1, lowest)
    assert (wait_s is not None) == reason.is_passing


def test_a_retry_after_is_honoured_up_to_a_limit() -> None:
    patient = Failure(reason=FailureReason.SERVER_ERROR, retry_after_s=7)
    assert POLICY.wait_s(patient, 1, lowest) == 7
    impatient = Failure(reason=FailureReason.SERVER_ERROR, retry_after_s=11)
    assert POLICY.wait_s(impatient, 1, lowest) is None


@pytest.mark.parametrize(
    ("value", "expected_s"),
    [
        (None, None),
        ("0", 0),
        (" 12 ", 12),
        ("9" * 40, 999_999_999),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0),
        ("Tue, 14 Nov 99999 22:13:10 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, expected_s: float | None) -> None:
    assert parse_retry_after(value, NOW_S) == expected_s


@given(st.text(max_size=40))
def test_any_retry_after_is_read_without_an_exception(value: str) -> None:
    seconds = parse_retry_after(value, NOW_S)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "not_found"),
        (429, "server_error"),
        (500, "server_error"),
        (503, "server_error"),
        (204, "http_error"),
        (206, "http_error"),
        (304, "http_error"),
        (400, "http_error"),
        (418, "http_error"),
        (451, "http_error"),
    ],
)
def test_each_status_has_its_reason(status: int, reason: str) -> None:
    failure = status_failure(status, None, NOW_S)
    assert (failure.reason, failure.status) == (reason, status)


def test_a_passing_failure_represents_the_image_otherwise_the_first() -> None:
    expired = Failure(reason=FailureReason.EXPIRED)
    timeout = Failure(reason=FailureReason.TIMEOUT)
    corrupt = Failure(reason=FailureReason.CORRUPT)
    assert representative([expired, corrupt]) is expired
    assert representative([expired, timeout, corrupt]) is timeout
