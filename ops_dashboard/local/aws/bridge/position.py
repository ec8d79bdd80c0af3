"""The bridge's read position, stored in the embedded AWS. Edge (SSM).

An embedded AWS with persistent state still has its logs, records and metrics in the next run, whose
bridge must continue after what was already counted.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.local.aws.clients import Clients

_NAME = "/ministack/bridge"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """The last log line and record that were read."""

    logs: dict[str, int] = {}
    """Epoch milliseconds of the newest line read, by function."""
    shards: dict[str, str] = {}
    """Sequence number of the last record read, by shard."""


def load(clients: Clients) -> Position:
    """Return where the last bridge stopped, or the beginning if there was none."""
    try:
        raw = clients.ssm.get_parameter(Name=_NAME)["Parameter"]["Value"]
    except clients.ssm.exceptions.ParameterNotFound:
        return Position()
    return msgspec.json.decode(raw, type=Position)


def save(clients: Clients, position: Position) -> None:
    """Store a position; it replaces the previous one."""
    value = msgspec.json.encode(position).decode()
    clients.ssm.put_parameter(Name=_NAME, Value=value, Type="String", Overwrite=True)
