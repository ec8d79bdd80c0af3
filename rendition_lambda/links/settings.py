"""Settings of the function of upload links, read once from the environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import msgspec

from stream_ingest.contracts import environment as env


class LinkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the stack's resources."""

    account: str
    photos_table: str
    uploads_bucket: str
    link_key: str
    """ARN of the key of links in KMS."""

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            account=variables.text(env.ACCOUNT),
            photos_table=variables.text(env.PHOTOS_TABLE),
            uploads_bucket=variables.text(env.UPLOADS_BUCKET),
            link_key=variables.text(env.LINK_KEY),
        )
        variables.check()
        return settings
