"""The events about photos. Pure."""

from __future__ import annotations

from stream_ingest.contracts.event_model import Count, Event


class PhotoEvent(Event, frozen=True, kw_only=True):
    """Base class of a photo's events. Key, version and recipe version identify an end."""

    gallery: str
    photo: str
    version: str
    recipe: str
    recipe_version: str


class RenditionsCreated(PhotoEvent, frozen=True, kw_only=True):
    """All outputs of a photo's version are stored; `keys` and `urls` are by output."""

    renditions_bucket: str
    keys: dict[str, str]
    urls: dict[str, str]
    width: Count
    height: Count


class RenditionsFailed(PhotoEvent, frozen=True, kw_only=True):
    """A photo's version cannot be rendered; its former outputs were removed."""

    reason: str
    detail: str


class RenditionsRemoved(PhotoEvent, frozen=True, kw_only=True):
    """A photo was deleted, or replaced by what is no photo; its outputs were removed."""
