from __future__ import annotations

from typing import Any

import pytest
from delivery_time import MARGIN_S, delivery_s, max_record_age_s
from settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("changed", "age_s"),
    [
        ({}, 82_800),  # the stream retains a day
        ({"stream_retention_hours": 168}, 601_200),
        ({"windowing_max_record_age_s": 60}, 60),
        ({"windowing_max_record_age_s": 82_800}, 82_800),
        ({"windowing_max_record_age_s": 82_800, "stream_retention_hours": 168}, 82_800),
    ],
)
def test_a_record_is_delivered_until_it_is_too_old(changed: dict[str, Any], age_s: int) -> None:
    settings = Settings(**changed, windowing_timeout_s=100, windowing_batching_window_s=7)
    assert max_record_age_s(settings) == age_s
    assert delivery_s(settings) == age_s + 107 + MARGIN_S


@pytest.mark.parametrize("hours", [24, 25, 168])
def test_lambda_discards_a_record_before_the_stream_deletes_it(hours: int) -> None:
    age_s = max_record_age_s(Settings(stream_retention_hours=hours))
    assert age_s + 3_600 == hours * 3_600


def test_an_age_at_which_the_stream_has_deleted_the_record_is_refused() -> None:
    with pytest.raises(SettingsError, match="set at most 82800, or leave it out"):
        Settings(windowing_max_record_age_s=82_801)
