"""Announce on the bus how a window ended. Edge (EventBridge).

A window is uploaded, then announced, then its status item is ended. After a crash in between the
window stays ``processing``; once its lease is over it is built again, puts the same objects and is
announced a second time. So an end may be announced twice, which consumers recognise by `window_id`
and `replay`, but it is never lost. With the status first, a crash could lose the event for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import Source, encode_detail

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient


class Announcer:
    """Puts events on the bus."""

    def __init__(self, events: EventBridgeClient, bus: str) -> None:
        """Announce on `bus`."""
        self._events, self._bus = events, bus

    def announce(self, event: Event) -> None:
        """Put one event; raises `TransientError` unless the bus has accepted it.

        PutEvents answers 200 even for entries that it rejects, so each entry is checked.
        """
        with map_errors(f"announce {event.detail_type()}"):
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self._bus,
                        "Source": Source.COLLAGE,
                        "DetailType": event.detail_type(),
                        "Detail": encode_detail(event),
                    }
                ]
            )
        for entry in answer["Entries"]:
            if "EventId" not in entry:
                msg = f"announce {event.detail_type()}: {entry.get('ErrorCode', 'no event id')}"
                raise TransientError(msg)
