"""Settings of the intake Lambda, and of the sweeper's search for files. Pure.

Each process reads them once from its environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env
from stream_ingest.contracts.batch_options import NO_OPTIONS, BatchOptions
from stream_ingest.contracts.creators import CreatorCase


class IntakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names and URLs of the stack's resources."""

    account: str
    table: str
    stream: str
    input_bucket: str
    allowed_buckets: tuple[str, ...]
    """Buckets besides `input_bucket` that may be read."""
    defaults: BatchOptions
    """What batches get for options that they leave open."""
    output_bucket: str
    temp_bucket: str
    queue_url: str
    dead_letters_url: str
    max_receives: int
    creator_case: CreatorCase

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            account=variables.text(env.ACCOUNT),
            table=variables.text(env.TABLE),
            stream=variables.text(env.STREAM),
            input_bucket=variables.text(env.INPUT_BUCKET),
            allowed_buckets=variables.texts(env.ALLOWED_INPUT_BUCKETS),
            defaults=_defaults(variables),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            queue_url=variables.text(env.INTAKE_QUEUE),
            dead_letters_url=variables.text(env.INTAKE_DEAD_LETTERS),
            max_receives=variables.integer(env.MAX_RECEIVES),
            creator_case=_creator_case(variables),
        )
        variables.check()
        return settings


class SearchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the sweeper needs to start files that no job knows (`unread`)."""

    input_bucket: str
    queue_url: str
    defaults: BatchOptions

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            input_bucket=variables.text(env.INPUT_BUCKET),
            queue_url=variables.text(env.INTAKE_QUEUE),
            defaults=_defaults(variables),
        )
        variables.check()
        return settings


def _creator_case(variables: env.Variables) -> CreatorCase:
    text = variables.choice(env.CREATOR_CASE, tuple(CreatorCase))
    return CreatorCase(text) if text in tuple(CreatorCase) else CreatorCase.KEEP


def _defaults(variables: env.Variables) -> BatchOptions:
    text = variables.text(env.BATCH_DEFAULTS) or "{}"
    try:
        return msgspec.json.decode(text, type=BatchOptions)
    except msgspec.DecodeError as error:
        variables.add_problem(f"{env.BATCH_DEFAULTS}: {error}")
        return NO_OPTIONS
