"""What a metric of the catalogue is: its name, unit, dimensions and emitting functions. Pure.

It imports only the standard library, because every Lambda loads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "Coverstream"
"""Namespace without a stack (unit tests); a stack's namespace is `namespace_of`."""
SERVICE = "service"
REASON = "Reason"


def namespace_of(stack: str) -> str:
    """Return the namespace of a stack's metrics: ``Coverstream/prod``."""
    return f"{NAMESPACE}/{stack}"


class Unit(StrEnum):
    """CloudWatch's names of the units in use."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"
    BYTES = "Bytes"
    PERCENT = "Percent"


class Service(StrEnum):
    """An emitting function: the value of the dimension `service`."""

    WINDOWING = "windowing"
    SWEEPER = "sweeper"
    COLLAGE = "collage"
    PREFETCH = "prefetch"
    INTAKE = "intake"
    PHOTOS = "photos"
    """Only of stacks with the setting `photos`."""
    LINKS = "links"
    """Only of stacks with the setting `photosUploadLinks`."""
    FOLLOW = "follow"
    """`stream-ingest follow`, which runs outside Lambda."""


FUNCTIONS = tuple(service for service in Service if service is not Service.FOLLOW)
"""The services that are Lambda functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of the catalogue."""

    name: str
    unit: Unit
    services: tuple[Service, ...]
    """The functions that emit it, each with its own `service`."""
    meaning: str
    by_reason: bool = False
    """Emitted with the dimensions (Reason, service)."""
    in_total: bool = True
    """Emitted with the dimension (service) alone."""


def count(name: str, services: tuple[Service, ...], meaning: str) -> Metric:
    """Return a metric that counts."""
    return Metric(name=name, unit=Unit.COUNT, services=services, meaning=meaning)


def by_reason(name: str, services: tuple[Service, ...], meaning: str, *, in_total: bool) -> Metric:
    """Return a metric that counts, for each reason and, with `in_total`, as a whole."""
    return Metric(
        name=name,
        unit=Unit.COUNT,
        services=services,
        meaning=meaning,
        by_reason=True,
        in_total=in_total,
    )
