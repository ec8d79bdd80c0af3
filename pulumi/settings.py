"""What a stack may set, with defaults and bounds. Pure.

Keys are those of ``Pulumi.<stack>.yaml`` under ``coverstream:``, in camelCase; fields are the same
words in snake_case. These defaults are the only ones: the Lambdas have none of their own.

The settings are declared in groups, one module of ``setting_groups/`` each. A group extends the
one before it, since a msgspec struct has one base: resources, compute, images, batches, alarms,
notifications, photos.
"""

from __future__ import annotations

import msgspec
from checks.consistency import setting_problems
from setting_groups.photos import PhotoSettings

from stream_ingest.contracts.errors import UserError

SECRETS = frozenset({"notify_webhook_secret", "notify_webhook_url"})
"""Settings whose values appear in no message."""


class SettingsError(UserError):
    """Settings of a stack are wrong; the message lists all of them."""


class Settings(PhotoSettings, frozen=True, kw_only=True, rename="camel"):
    """Settings of one stack. Bounds are those of AWS where AWS has any (docs/facts.md)."""

    def __post_init__(self) -> None:
        """Raise `SettingsError` for settings that contradict each other."""
        problems = setting_problems(self)
        if problems:
            raise SettingsError("; ".join(problems))

    def __repr__(self) -> str:
        """Return the settings without what may be secret."""
        shown = {
            name: "***" if name in SECRETS and value else value
            for name, value in msgspec.structs.asdict(self).items()
        }
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
