from __future__ import annotations

from typing import Any

import pytest
from delivery_time import MARGIN_S, delivery_s
from settings import Settings


@pytest.mark.parametrize(
    ("changed", "age_s"),
    [
        ({}, 21_600),
        ({"windowing_max_record_age_s": 60}, 60),
        ({"windowing_max_record_age_s": 604_800}, 86_400),  # the stream retains a day
        ({"windowing_max_record_age_s": 604_800, "stream_retention_hours": 168}, 604_800),
    ],
)
def test_a_record_is_delivered_until_it_is_too_old_or_gone(
    changed: dict[str, Any], age_s: int
) -> None:
    settings = Settings(**changed, windowing_timeout_s=100, windowing_batching_window_s=7)
    assert delivery_s(settings) == age_s + 107 + MARGIN_S
