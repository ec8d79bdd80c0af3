"""How far the bridge has read, kept in the embedded AWS itself. Edge (SSM).

An embedded AWS may keep its state between runs: logs, records, and the metrics made of them. The
next run's bridge goes on behind what was counted already.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.local.aws.clients import Clients

_NAME = "/ministack/bridge"


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What was read last."""

    logs: dict[str, int] = {}
    """Epoch milliseconds of the newest line that was read, by function."""
    shards: dict[str, str] = {}
    """Sequence number of the last record that was read, by shard."""


def load(clients: Clients) -> Position:
    """Return where the last bridge stopped; the very beginning where there was none."""
    try:
        raw = clients.ssm.get_parameter(Name=_NAME)["Parameter"]["Value"]
    except clients.ssm.exceptions.ParameterNotFound:
        return Position()
    return msgspec.json.decode(raw, type=Position)


def save(clients: Clients, position: Position) -> None:
    """Keep a position in the place of the last one."""
    value = msgspec.json.encode(position).decode()
    clients.ssm.put_parameter(Name=_NAME, Value=value, Type="String", Overwrite=True)
