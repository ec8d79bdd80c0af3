"""The dead-letter queues of a stack, by what fills them. Pure."""

from __future__ import annotations

from enum import StrEnum


class DeadLetterKind(StrEnum):
    """Whatever has a dead-letter queue; every table of them has all of these."""

    COLLAGE = "collage"
    """A window's message that the collage function failed on."""
    WINDOW_RULE = "window-rule"
    """An event that EventBridge could not deliver to the collage queue."""
    SWEEPER = "sweeper"
    """An invocation of the sweeper that failed."""
    INTAKE = "intake"
    """A file or request that the intake failed on."""
    PREFETCH = "prefetch"
    """A request to prefetch covers that failed."""
    PHOTOS = "photos"
    """A photo's message that the rendition function failed on; only with photos."""
    NOTIFICATION = "notification"
    """A notification that a webhook or topic did not accept; only with notifications."""
