"""What a worker has of a window between the steps of its work. Edge (downloads that run)."""

from __future__ import annotations

from dataclasses import dataclass

from collage_lambda.assembly.builder import BegunBuild
from collage_lambda.lease import Lease
from collage_lambda.messages import Message
from collage_lambda.outcomes import BuildResult
from collage_lambda.output.keys import WindowKeys
from collage_lambda.output.store import Etags
from stream_ingest.contracts.events import WindowReady


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunWindow:
    """A claimed window whose downloads run."""

    message: Message
    lease: Lease
    event: WindowReady
    """The message's event with its images."""
    keys: WindowKeys
    existing: Etags
    """Objects at its keys when it was claimed."""
    source: str | None
    begun_in_s: float
    """Seconds that this has taken since its claim."""
    build: BegunBuild


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltWindow:
    """A window that is built; nothing of it is published yet."""

    begun: BegunWindow
    build: BuildResult
    built_in_s: float
    """Seconds that this has taken since its claim, without those in which it waited for others."""
    waits: bool
    """Whether it must not be published before the pack with its originals is stored."""

    @property
    def message(self) -> Message:
        """The window's message."""
        return self.begun.message
