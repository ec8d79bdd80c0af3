from __future__ import annotations

import pytest

from stream_ingest.contracts import environment as env
from stream_ingest.contracts.environment import SettingsError
from stream_ingest.windowing.settings import WindowingSettings
from tests.fakes.lambda_variables import lambda_variables

READ = (
    *(env.TABLE, env.BUS, env.OUTPUT_BUCKET, env.TEMP_BUCKET),
    *(env.DEDUP_HORIZON_DAYS, env.PARTIAL_RESPONSES, env.MAX_RECEIVES, env.PREFETCH_COVERS),
    *(env.KEY_TEMPLATE, env.DELIVERY_S),
)


def test_every_variable_is_read() -> None:
    variables = lambda_variables(
        table="table",
        bus="bus",
        output="output",
        temp="temp",
        MAX_RECEIVES="5",
        DELIVERY_S="900",
        PREFETCH_COVERS="on",
        KEY_TEMPLATE="{creator}_{kind}_{window}",
    )
    assert WindowingSettings.from_env(variables) == WindowingSettings(
        account="123456789012",
        table="table",
        bus="bus",
        output_bucket="output",
        temp_bucket="temp",
        horizon_days=90,
        trusts_partial_responses=True,
        max_receives=5,
        delivery_s=900,
        prefetch_covers=True,
        key_template="{creator}_{kind}_{window}",
    )


def test_the_local_run_does_not_trust_partial_responses() -> None:
    """Ministack counts a batch as done whatever the response says: that would hide a loss."""
    variables = lambda_variables(PARTIAL_RESPONSES="raise", DEDUP_HORIZON_DAYS="30")
    local = WindowingSettings.from_env(variables)
    assert not local.trusts_partial_responses
    assert local.horizon_days == 30


def test_every_missing_and_wrong_variable_is_named_at_once() -> None:
    wrong = {env.PARTIAL_RESPONSES: "maybe", env.DEDUP_HORIZON_DAYS: "x"}
    with pytest.raises(SettingsError) as caught:
        WindowingSettings.from_env(wrong)
    for name in READ:
        assert name in str(caught.value)
