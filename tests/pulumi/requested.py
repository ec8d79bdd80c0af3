"""The engine on recording clients: what it would send to AWS for a stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
from ops_dashboard.local.aws.engine.resources import Change, Engine
from tests.fakes.deployment_records import RecordsInMemory
from tests.models.recording import RecordingClients, Request
from tests.pulumi.recorder import Recorder


@dataclass
class Requested(Recorder):
    """Records what the program declares, and the requests that the engine makes of it."""

    clients: RecordingClients = field(default_factory=RecordingClients)
    records: RecordsInMemory = field(default_factory=RecordsInMemory)

    def __post_init__(self) -> None:
        """Create the engine."""
        self._engine = Engine(self.clients, self.records)

    @property
    def changes(self) -> list[Change]:
        """Return what the engine created or updated."""
        return self._engine.changes

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
