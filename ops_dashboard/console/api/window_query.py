"""The filters of windows in a request's query, as gallery and failures have them. Edge (DynamoDB).

``creator`` is a creator's name, else a part of names.
"""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from ops_dashboard.console.api.json_api import in_thread, query_value
from ops_dashboard.inspect.stored_names import StoredNames
from ops_dashboard.inspect.window_filter import WINDOW_REASONS, WindowFilter
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.sources.timerange import parse_moment

KINDS = {"passing": True, "permanent": False}
"""Whether a retry may help, by how a request says it."""


async def window_filter(
    request: web.Request, names: StoredNames, reasons: tuple[str, ...] = WINDOW_REASONS
) -> WindowFilter:
    """Return the filter; raises `UserError` that names the parameter at fault."""
    status = choice(request, "status", tuple(WindowStatus))
    kind = choice(request, "kind", tuple(KINDS))
    creator = query_value(request, "creator")
    name = await in_thread(names.find, creator) if creator else None
    return WindowFilter(
        status=WindowStatus(status) if status else None,
        batch_id=query_value(request, "batch"),
        creator=name,
        creator_part=None if name else creator,
        since=moment(request, "from"),
        until=moment(request, "to"),
        reason=choice(request, "reason", reasons),
        passing=KINDS[kind] if kind else None,
    )


def choice(request: web.Request, name: str, values: tuple[str, ...]) -> str | None:
    """Return a parameter that has one of some values, None if it is absent."""
    value = query_value(request, name)
    if value is not None and value not in values:
        msg = f"{name} {value[:40]!r}: expected one of {', '.join(values)}"
        raise UserError(msg)
    return value


def moment(request: web.Request, name: str) -> datetime | None:
    """Return a parameter that is a time, such as ``2026-11-28`` or ``today`` (UTC)."""
    value = query_value(request, name)
    return parse_moment(value[:40], datetime.now(UTC)) if value else None
