"""Settings of the collage Lambda, read once from the environment. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Self, TypeVar

import msgspec

from collage_lambda.download.urls import AllowedSources, Ports, parse_allowed, parse_ports
from stream_ingest.contracts import environment as env

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_MEMORY_MB = 10_240
_SWITCH = ("on", "off")
_Members = TypeVar("_Members", AllowedSources, Ports, frozenset[str])


class CollageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stack's parts are and how this deployment downloads."""

    table: str
    bus: str
    output_bucket: str
    temp_bucket: str
    allowed_sources: AllowedSources
    allowed_ports: Ports
    copies_by_creator: bool
    keep_originals: bool
    refused_images: frozenset[str]
    """sha256 of placeholders that are taken for missing images."""
    downloads: int
    """Requests that run at once within one invocation, where memory allows."""
    downloads_per_host: int
    memory_mb: int
    """What Lambda gives the function; without Lambda as much as the largest function has."""
    url_life_s: int
    """How long the link in `CollageCreated` works; 0 leaves it out."""
    prefetch_expire_days: int
    """Days after which a lifecycle rule removes prefetched covers."""

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read `mapping`; `SettingsError` lists every variable that is missing or wrong."""
        variables = env.Variables(mapping)
        settings = cls(
            table=variables.text(env.TABLE),
            bus=variables.text(env.BUS),
            output_bucket=variables.text(env.OUTPUT_BUCKET),
            temp_bucket=variables.text(env.TEMP_BUCKET),
            allowed_sources=_members(variables, env.ALLOWED_SOURCES, parse_allowed),
            allowed_ports=_members(variables, env.ALLOWED_PORTS, parse_ports),
            copies_by_creator=variables.choice(env.BY_CREATOR_COPY, _SWITCH, "on") == "on",
            refused_images=_members(variables, env.REFUSED_IMAGES, parse_sha256s),
            keep_originals=variables.choice(env.KEEP_ORIGINALS, _SWITCH, "on") == "on",
            downloads=variables.whole(env.DOWNLOADS, 64),
            downloads_per_host=variables.whole(env.DOWNLOADS_PER_HOST, 40),
            memory_mb=variables.whole(env.MEMORY_MB, _MOST_MEMORY_MB),
            prefetch_expire_days=variables.whole(env.PREFETCH_EXPIRE_DAYS, 60, least=2),
            url_life_s=variables.whole(env.COLLAGE_URL_LIFE_S, 3_600, least=0),
        )
        variables.check()
        return settings


def parse_sha256s(text: str) -> frozenset[str]:
    """Read sha256 digests, comma separated; `ValueError` names what is none."""
    digests = frozenset(each.strip().lower() for each in text.split(",") if each.strip())
    for digest in sorted(digests):
        if not _SHA256.fullmatch(digest):
            msg = f"{digest!r} is no sha256"
            raise ValueError(msg)
    return digests


def _members(variables: env.Variables, name: str, parse: Callable[[str], _Members]) -> _Members:
    """Return what `parse` makes of a variable; of one that is missing or wrong, of nothing."""
    try:
        return parse(variables.text(name, ""))
    except ValueError as error:
        variables.problem(f"{name}: {error}")
        return parse("")
