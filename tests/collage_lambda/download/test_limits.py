from __future__ import annotations

import pytest

from collage_lambda.download.limits import FetchLimits, fetch_limits
from collage_lambda.download.retries import RetryPolicy


def test_a_stack_without_settings_has_the_default_limits() -> None:
    assert fetch_limits(15, 3) == FetchLimits()


def test_fewer_seconds_and_tries_shorten_an_attempt_and_their_number_only() -> None:
    assert fetch_limits(5, 1) == FetchLimits(attempt_s=5, retry=RetryPolicy(attempts=1))


@pytest.mark.parametrize("timeout_s", [16, 60, 300])
def test_a_longer_attempt_may_be_silent_for_longer_and_an_image_has_time_for_two(
    timeout_s: int,
) -> None:
    limits = fetch_limits(timeout_s, 3)
    assert limits.read_s == timeout_s - 7
    assert limits.image_s >= 2 * timeout_s
