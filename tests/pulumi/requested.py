"""The engine on recording clients: what it would send to AWS for a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
from ops_dashboard.local.aws.engine.resources import Engine
from tests.models.recording import RecordingClients, Request
from tests.pulumi.recorder import Recorder


@dataclass
class Requested(Recorder):
    """Records what the program declares, and the requests that the engine makes of it."""

    clients: RecordingClients = field(default_factory=RecordingClients)

    def __post_init__(self) -> None:
        """Create the engine."""
        self._engine = Engine(self.clients)

    @property
    def requests(self) -> list[Request]:
        """Return every request, in their order."""
        return self.clients.requests

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[str, Any]]:
        super().new_resource(args)
        return self._engine.new_resource(args)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[Any]]:
        return self._engine.call(args)
