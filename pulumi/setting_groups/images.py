"""Settings of which images are downloaded and which become part of a collage. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from setting_groups.compute import ComputeSettings
from setting_types import Days, HeaderText, HostPort, Port, Requests, Sha256

from collage_lambda.download.headers import USER_AGENT
from collage_lambda.output.key_template import DEFAULT_TEMPLATE


class ImageSettings(ComputeSettings, frozen=True, kw_only=True, rename="camel"):
    """Downloads, duplicates and collages."""

    allowed_sources: tuple[HostPort, ...] = ()
    """``host:port`` pairs that may be downloaded from although their address is not public."""
    allowed_ports: tuple[Port, ...] = ()
    """Ports that may be downloaded from, except by `allowedSources`; empty allows any."""
    downloads_at_once: Requests = 64
    """Maximum number of requests that one collage or prefetch invocation runs at once, if its
    memory allows."""
    downloads_per_host: Requests = 40
    """Maximum number of requests that one invocation runs at once to one host."""
    download_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 15
    """Seconds that one attempt to download an image may take. A batch may ask for fewer, and for
    fewer tries and downloads at once, never for more."""
    download_tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    """Maximum number of attempts to download an image from one URL."""
    download_user_agent: HeaderText = USER_AGENT
    """``User-Agent`` of downloads; by default that of a browser."""
    min_side_px: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 50
    """Smallest width and height that an image may have; a smaller one counts as failed."""
    simd_scaling: bool = True
    """Scale images by pic-scale if it scales as Pillow does on the function's processor. Without it
    a collage takes a quarter more processor time."""
    refused_images: tuple[Sha256, ...] = ()
    """sha256 of placeholders that count as missing images; the log names images that repeat."""
    prefetch_covers: bool = True
    """Prefetch covers whose URL expires while their window is open; otherwise such a window
    closes early."""
    prefetch_expire_days: Annotated[int, msgspec.Meta(ge=3, le=3_650)] = 60
    """How long a prefetched cover is stored; a window that is open for longer closes earlier."""
    dedup_horizon_days: Days = 90
    """How long a creator's images are remembered, so that a later row of one is a duplicate."""
    content_dedup: bool = False
    """Compare images by their bytes as well: those that an earlier window of the creator shows are
    not shown again within the horizon, whatever their URLs are. Costs a write unit per image, some
    0.70 USD per million images in us-east-1 with a month of storage."""
    creator_case: Literal["keep", "fold"] = "keep"
    """``fold`` if names that differ by case only are one creator (docs/guide/creators.md)."""
    keep_originals: bool = True
    """Store a window's downloaded originals for a replay."""
    by_creator_copy: bool = True
    """Store each collage a second time under collages/by-creator/."""
    key_template: str = DEFAULT_TEMPLATE
    """Form of the keys below ``collages/``, ``thumbnails/`` and ``metadata/``; its fields are
    described in docs/reference/keys.md. A change applies to windows that close after it."""
    collage_url_life_s: Annotated[int, msgspec.Meta(ge=0, le=43_200)] = 3_600
    """Maximum life of the link in a CollageCreated event, which is signed with the function's
    session and ends with it; 0 leaves the link out."""

    @property
    def download_ports(self) -> list[int]:
        """Return the ports that covers may be downloaded from; empty means any."""
        if not self.allowed_ports:
            return []
        of_sources = {int(source.rpartition(":")[2]) for source in self.allowed_sources}
        return sorted(of_sources.union(self.allowed_ports))
