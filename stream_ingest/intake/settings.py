"""Settings of the intake Lambda, read once from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env


class IntakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names and URLs of the stack's resources."""

    table: str
    stream: str
    input_bucket: str
    output_bucket: str
    temp_bucket: str
    queue_url: str
    dead_letters_url: str
    max_receives: int

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            table=variables.text(env.TABLE),
            stream=variables.text(env.STREAM),
            input_bucket=variables.text(env.INPUT_BUCKET),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            queue_url=variables.text(env.INTAKE_QUEUE),
            dead_letters_url=variables.text(env.INTAKE_DEAD_LETTERS),
            max_receives=variables.integer(env.MAX_RECEIVES),
        )
        variables.check()
        return settings
