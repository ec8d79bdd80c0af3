from __future__ import annotations

import pytest

from stream_ingest.contracts import environment as env
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.environment import SettingsError
from stream_ingest.intake.settings import IntakeSettings
from tests.fakes.lambda_variables import lambda_variables

VARIABLES = lambda_variables(
    MAX_RECEIVES="5",
    ALLOWED_INPUT_BUCKETS="a,b",
    BATCH_DEFAULTS='{"quality":80}',
    CREATOR_CASE="fold",
)
READ = (
    *(env.TABLE, env.STREAM, env.INPUT_BUCKET, env.OUTPUT_BUCKET, env.TEMP_BUCKET),
    *(env.INTAKE_QUEUE, env.INTAKE_DEAD_LETTERS, env.MAX_RECEIVES),
    *(env.ALLOWED_INPUT_BUCKETS, env.BATCH_DEFAULTS, env.CREATOR_CASE),
)


def test_every_variable_is_read() -> None:
    assert IntakeSettings.from_env(VARIABLES) == IntakeSettings(
        account="123456789012",
        table="t",
        stream="rows",
        input_bucket="input",
        allowed_buckets=("a", "b"),
        defaults=BatchOptions(quality=80),
        output_bucket="o",
        temp_bucket="x",
        queue_url="https://queue/intake",
        dead_letters_url="https://queue/intake-dead-letters",
        max_receives=5,
        creator_case=CreatorCase.FOLD,
    )


def test_every_missing_and_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        IntakeSettings.from_env({env.MAX_RECEIVES: "0", env.BATCH_DEFAULTS: '{"rows":41}'})
    for name in READ:
        assert name in str(caught.value)
