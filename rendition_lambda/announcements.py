"""Events of photos, and their way to the bus. Edge (EventBridge).

An event is written with the end that it announces, put on the bus after that, and then removed from
the photo's item. Whoever meets an item with an event puts it on the bus first. So an end may be
announced twice, which consumers recognise by its version, and it is never lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from rendition_lambda.original import Original
from rendition_lambda.photo_item import Announcement, Photo
from rendition_lambda.recipe import Recipe
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import Source, encode_detail
from stream_ingest.contracts.photo_events import (
    RenditionsCreated,
    RenditionsFailed,
    RenditionsRemoved,
)

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient


def created(photo: Photo, bucket: str) -> Announcement:
    """Return the event of a photo that is active. Pure."""
    return _announcement(
        RenditionsCreated(
            **_identity(photo),
            renditions_bucket=bucket,
            keys={name: facts.key for name, facts in photo.outputs.items()},
            urls=photo.urls,
            width=photo.width or 0,
            height=photo.height or 0,
        )
    )


def failed(photo: Photo) -> Announcement:
    """Return the event of a photo that failed. Pure."""
    event = RenditionsFailed(**_identity(photo), reason=photo.reason, detail=photo.detail)
    return _announcement(event)


def crashed(photo: Photo, original: Original | None, recipe: Recipe | None) -> Announcement:
    """Return the event of a photo that is given up with what is at its place now. Pure."""
    tried = replace(
        photo,
        version=original.version if original else photo.version,
        recipe=recipe.name if recipe else photo.recipe,
        recipe_version=recipe.version if recipe else photo.recipe_version,
    )
    return failed(tried)


def removed(before: Photo, original: Original | None = None) -> Announcement:
    """Return the event of a photo whose outputs were removed, given how it was before. Pure.

    `original` is the object that replaced it, if any.
    """
    identity = _identity(before)
    if original is not None:
        identity["version"] = original.version
    return _announcement(RenditionsRemoved(**identity))


def _identity(photo: Photo) -> dict[str, Any]:
    return {
        "gallery": photo.gallery,
        "photo": photo.photo,
        "version": photo.version,
        "recipe": photo.recipe,
        "recipe_version": photo.recipe_version,
    }


def _announcement(event: Event) -> Announcement:
    return Announcement(detail_type=event.detail_type(), detail=encode_detail(event))


class PhotoBus:
    """Puts the events of photos on the bus."""

    def __init__(self, events: EventBridgeClient, bus: str) -> None:
        """Announce on `bus`."""
        self._events, self._bus = events, bus

    def put(self, announcement: Announcement) -> None:
        """Put one event; raises `TransientError` unless the bus has accepted it."""
        doing = f"announce {announcement.detail_type}"
        with map_errors(doing):
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": Source.PHOTOS,
                        "DetailType": announcement.detail_type,
                        "Detail": announcement.detail,
                    }
                ]
            )
        for entry in answer["Entries"]:
            if "EventId" not in entry:
                msg = f"{doing}: {entry.get('ErrorCode', 'no event id')}"
                raise TransientError(msg)
