"""Settings of the rendition Lambda, read once from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env


class RenditionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the stack's resources."""

    account: str
    bus: str
    photos_table: str
    uploads_bucket: str
    renditions_bucket: str
    other_buckets: tuple[str, ...]
    """Buckets besides the bucket of uploads whose photos may be rendered."""
    domain: str
    """Domain of the addresses of outputs; empty for addresses in S3."""
    distribution: str
    """Id of the distribution that serves them; empty without one of the stack's own."""
    queue_url: str
    backfill_queue_url: str
    max_receives: int

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            account=variables.text(env.ACCOUNT),
            bus=variables.text(env.BUS),
            photos_table=variables.text(env.PHOTOS_TABLE),
            uploads_bucket=variables.text(env.UPLOADS_BUCKET),
            renditions_bucket=variables.text(env.RENDITIONS_BUCKET),
            other_buckets=variables.texts(env.PHOTOS_OTHER_BUCKETS),
            domain=variables.text(env.PHOTOS_DOMAIN, allow_empty=True),
            distribution=variables.text(env.PHOTOS_DISTRIBUTION, allow_empty=True),
            queue_url=variables.text(env.QUEUE),
            backfill_queue_url=variables.text(env.BACKFILL_QUEUE),
            max_receives=variables.integer(env.MAX_RECEIVES),
        )
        variables.check()
        return settings
