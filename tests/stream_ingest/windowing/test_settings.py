from __future__ import annotations

import pytest

from stream_ingest.contracts.environment import SettingsError
from stream_ingest.windowing.settings import WindowingSettings

ENVIRONMENT = {
    "COVERSTREAM_TABLE": "table",
    "COVERSTREAM_BUS": "bus",
    "COVERSTREAM_OUTPUT_BUCKET": "output",
    "COVERSTREAM_TEMP_BUCKET": "temp",
}


def test_four_names_are_enough() -> None:
    assert WindowingSettings.from_env(ENVIRONMENT) == WindowingSettings(
        table="table",
        bus="bus",
        output_bucket="output",
        temp_bucket="temp",
        horizon_days=90,
        trusts_partial_responses=True,
        max_receives=3,
        prefetch_covers=False,
    )


def test_the_local_run_does_not_trust_partial_responses() -> None:
    """Ministack counts a batch as done whatever the answer says: that would hide a loss."""
    local = WindowingSettings.from_env(
        ENVIRONMENT
        | {"COVERSTREAM_PARTIAL_RESPONSES": "raise", "COVERSTREAM_DEDUP_HORIZON_DAYS": "30"}
    )
    assert not local.trusts_partial_responses
    assert local.horizon_days == 30


def test_every_missing_and_wrong_variable_is_named_at_once() -> None:
    wrong = {"COVERSTREAM_PARTIAL_RESPONSES": "maybe", "COVERSTREAM_DEDUP_HORIZON_DAYS": "x"}
    with pytest.raises(SettingsError) as caught:
        WindowingSettings.from_env(wrong)
    for name in [*ENVIRONMENT, *wrong]:
        assert name in str(caught.value)
