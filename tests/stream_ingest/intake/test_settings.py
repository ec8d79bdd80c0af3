from __future__ import annotations

import pytest

from stream_ingest.contracts import environment as env
from stream_ingest.contracts.environment import SettingsError
from stream_ingest.intake.settings import IntakeSettings
from tests.fakes.lambda_variables import lambda_variables

READ = (
    *(env.TABLE, env.STREAM, env.INPUT_BUCKET, env.OUTPUT_BUCKET, env.TEMP_BUCKET),
    *(env.INTAKE_QUEUE, env.INTAKE_DEAD_LETTERS, env.MAX_RECEIVES),
)


def test_every_variable_is_read() -> None:
    assert IntakeSettings.from_env(lambda_variables(MAX_RECEIVES="5")) == IntakeSettings(
        table="t",
        stream="rows",
        input_bucket="input",
        output_bucket="o",
        temp_bucket="x",
        queue_url="https://queue/intake",
        dead_letters_url="https://queue/intake-dead-letters",
        max_receives=5,
    )


def test_every_missing_and_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        IntakeSettings.from_env({env.MAX_RECEIVES: "0"})
    for name in READ:
        assert name in str(caught.value)
