"""Settings of the windowing and sweeper Lambdas, read once from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env


class WindowingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the stack's resources, and the deployment's windowing options."""

    account: str
    table: str
    bus: str
    output_bucket: str
    temp_bucket: str
    horizon_days: int
    trusts_partial_responses: bool
    max_receives: int
    delivery_s: int
    """Seconds after which a record that reached the stream can no longer be delivered."""
    prefetch_covers: bool
    key_template: str
    """Form of the keys of new windows' objects (`collage_lambda.output.key_template`)."""

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; raises `SettingsError` naming each missing or wrong variable."""
        variables = env.Variables(mapping)
        settings = cls(
            account=variables.text(env.ACCOUNT),
            table=variables.text(env.TABLE),
            bus=variables.text(env.BUS),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            horizon_days=variables.integer(env.DEDUP_HORIZON_DAYS),
            trusts_partial_responses=variables.choice(env.PARTIAL_RESPONSES, ("trusted", "raise"))
            == "trusted",
            max_receives=variables.integer(env.MAX_RECEIVES),
            delivery_s=variables.integer(env.DELIVERY_S),
            prefetch_covers=variables.switch(env.PREFETCH_COVERS),
            key_template=variables.text(env.KEY_TEMPLATE),
        )
        variables.check()
        return settings
