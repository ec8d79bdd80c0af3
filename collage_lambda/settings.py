"""Settings of the collage and the prefetch Lambda, read once from the environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

import msgspec

from collage_lambda.download.urls import AllowedSources, Ports, parse_allowed, parse_ports
from stream_ingest.contracts import environment as env

_SHA256 = re.compile(r"[0-9a-f]{64}")
_Members = TypeVar("_Members", AllowedSources, Ports, frozenset[str])


class CollageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the stack's resources, and how this deployment downloads covers."""

    account: str
    table: str
    bus: str
    queue_url: str
    output_bucket: str
    temp_bucket: str
    allowed_sources: AllowedSources
    allowed_ports: Ports
    copies_by_creator: bool
    keep_originals: bool
    refused_images: frozenset[str]
    """sha256 of placeholders that count as missing images."""
    downloads_at_once: int
    """Maximum number of requests that one invocation runs at once, if memory allows."""
    downloads_per_host: int
    download_timeout_s: int
    """Seconds that one attempt to download an image may take."""
    download_tries: int
    user_agent: str
    min_side_px: int
    """Smallest width and height that an image may have."""
    simd_scaling: bool
    """Whether images may be scaled by pic-scale; if not, Pillow alone scales them."""
    memory_mb: int
    """Memory that Lambda gives the function."""
    url_life_s: int
    """How long the link in `CollageCreated` works; 0 means no link."""
    content_dedup: bool
    """Whether an image whose bytes another window of the creator shows is not shown again."""
    horizon_days: int
    """Days for which images are remembered."""
    prefetch_expire_days: int
    """Days after which a lifecycle rule removes prefetched covers."""

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            account=variables.text(env.ACCOUNT),
            table=variables.text(env.TABLE),
            bus=variables.text(env.BUS),
            queue_url=variables.text(env.QUEUE),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            allowed_sources=_members(variables, env.ALLOWED_SOURCES, parse_allowed),
            allowed_ports=_members(variables, env.ALLOWED_PORTS, parse_ports),
            copies_by_creator=variables.switch(env.BY_CREATOR_COPY),
            refused_images=_members(variables, env.REFUSED_IMAGES, parse_sha256s),
            content_dedup=variables.switch(env.CONTENT_DEDUP),
            horizon_days=variables.integer(env.DEDUP_HORIZON_DAYS),
            keep_originals=variables.switch(env.KEEP_ORIGINALS),
            downloads_at_once=variables.integer(env.DOWNLOADS_AT_ONCE),
            downloads_per_host=variables.integer(env.DOWNLOADS_PER_HOST),
            download_timeout_s=variables.integer(env.DOWNLOAD_TIMEOUT_S),
            download_tries=variables.integer(env.DOWNLOAD_TRIES),
            user_agent=variables.text(env.DOWNLOAD_USER_AGENT),
            min_side_px=variables.integer(env.MIN_SIDE_PX),
            simd_scaling=variables.switch(env.SIMD_SCALING),
            memory_mb=variables.integer(env.MEMORY_MB),
            prefetch_expire_days=variables.integer(env.PREFETCH_EXPIRE_DAYS, 2),
            url_life_s=variables.integer(env.COLLAGE_URL_LIFE_S, 0),
        )
        variables.check()
        return settings


def parse_sha256s(text: str) -> frozenset[str]:
    """Return comma-separated sha256 digests; raises `ValueError` if one is not a digest."""
    digests = frozenset(each.strip().lower() for each in text.split(",") if each.strip())
    for digest in sorted(digests):
        if not _SHA256.fullmatch(digest):
            msg = f"{digest!r} is not a sha256"
            raise ValueError(msg)
    return digests


def _members(variables: env.Variables, name: str, parse: Callable[[str], _Members]) -> _Members:
    """Return a parsed variable, which may be empty; text that `parse` refuses is a problem."""
    try:
        return parse(variables.text(name, allow_empty=True))
    except ValueError as error:
        variables.add_problem(f"{name}: {error}")
        return parse("")
