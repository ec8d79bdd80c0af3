"""The names of one stack's parts, and from where on a figure is an alarm. Pure.

Dashboard and alarms are functions of these two and of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_ingest.contracts.metrics import Service, namespace_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Names as AWS knows them."""

    stack: str
    region: str
    stream: str
    stream_shards: int
    """0 where the stream scales on demand."""
    table: str
    bus: str
    window_rule: str
    queue: str
    dead_letters: Mapping[str, str]
    """Names of dead-letter queues by what fills them."""
    functions: Mapping[Service, str]
    memory_mb: Mapping[Service, int]
    """What each function may use, and is billed for."""

    @property
    def namespace(self) -> str:
        """Return the namespace of this stack's own metrics."""
        return namespace_of(self.stack)

    @property
    def log_groups(self) -> tuple[str, ...]:
        """Return the log groups of all functions."""
        return tuple(f"/aws/lambda/{name}" for name in self.functions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on a figure is an alarm; each is a setting of the stack (pulumi/settings.py)."""

    error_percent: int = 5
    duration_s: int = 600
    memory_percent: int = 80
    dead_letters: int = 10
    iterator_age_minutes: int = 10
    window_age_minutes: int = 60
    idle_minutes: int = 15
    failed_images_percent: int = 20
    cost_usd_per_day: int = 25
