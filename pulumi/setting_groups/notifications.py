"""Settings of who is notified of a stack's batches and alarms. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from setting_groups.alarms import AlarmSettings
from setting_types import EmailAddress, HeaderName, HttpsUrl


class NotificationSettings(AlarmSettings, frozen=True, kw_only=True, rename="camel"):
    """Notifications."""

    notify_emails: tuple[EmailAddress, ...] = ()
    """Addresses that get an e-mail; each has to confirm the subscription in the first one
    (docs/guide/notifications.md)."""
    notify_webhook_url: HttpsUrl = ""
    """URL that gets a POST of JSON, such as an incoming webhook of a chat; if the URL is a secret,
    set it with ``--secret``."""
    notify_webhook_header: HeaderName = "Authorization"
    """Header of those requests with the secret."""
    notify_webhook_secret: str = ""
    """Value of that header, set with ``--secret``; without one, the header has the stack's name."""
    notify_webhook_per_second: Annotated[int, msgspec.Meta(ge=1, le=300)] = 1
    """Maximum number of requests a second; more wait."""
    notify_of: tuple[Literal["alarms", "batches", "rejected-files"], ...] = (
        "alarms",
        "batches",
        "rejected-files",
    )
    """What addresses and URL are notified of: ``alarms`` that start and end, ``batches`` that are
    done, ``rejected-files`` of which no row could be used."""
