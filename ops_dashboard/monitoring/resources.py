"""Names of one stack's resources, and the thresholds of its alarms. Pure.

Dashboard and alarms are functions of these two alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_ingest.contracts.metrics import FUNCTIONS, Service, namespace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Names of one stack's resources in AWS."""

    stack: str
    region: str
    stream: str
    stream_shards: int
    """0 if the stream scales on demand."""
    table: str
    bus: str
    window_rule: str
    queue: str
    """Queue of the collage function."""
    intake_queue: str
    dead_letters: Mapping[str, str]
    """Names of dead-letter queues, by kind of dead letter."""
    functions: Mapping[Service, str]
    memory_mb: Mapping[Service, int]
    """Memory of each function, which is what it is billed for."""
    concurrency_limit: int | None = None
    """Concurrent executions that the account may have in its region, None if that is unknown."""

    @property
    def namespace(self) -> str:
        """Return the namespace of this stack's custom metrics."""
        return namespace_of(self.stack)

    @property
    def deployed(self) -> tuple[Service, ...]:
        """Return the functions of this stack, of which not every stack has all."""
        return tuple(service for service in FUNCTIONS if service in self.functions)

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Return the log groups of all functions."""
        return tuple(f"/aws/lambda/{name}" for name in self.functions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Thresholds of the alarms; each is a setting (pulumi/setting_groups/alarms.py)."""

    error_percent: int
    duration_s: int
    memory_percent: int
    dead_letters: int
    iterator_age_minutes: int
    window_age_minutes: int
    idle_minutes: int
    failed_images_percent: int
    cost_usd_per_day: int
