"""Settings of the windowing and sweeper Lambdas, read once from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env


class WindowingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stack's parts are and how this deployment folds."""

    table: str
    bus: str
    output_bucket: str
    temp_bucket: str
    horizon_days: int
    trusts_partial_responses: bool
    max_receives: int
    prefetch_covers: bool

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            table=variables.text(env.TABLE),
            bus=variables.text(env.BUS),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            horizon_days=variables.whole(env.DEDUP_HORIZON_DAYS, 90),
            trusts_partial_responses=variables.choice(
                env.PARTIAL_RESPONSES, ("trusted", "raise"), "trusted"
            )
            == "trusted",
            max_receives=variables.whole(env.MAX_RECEIVES, 3),
            prefetch_covers=variables.choice(env.PREFETCH_COVERS, ("on", "off"), "off") == "on",
        )
        variables.check()
        return settings
