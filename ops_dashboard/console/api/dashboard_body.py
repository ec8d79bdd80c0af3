"""The body of the stack's CloudWatch dashboard, read once a minute at most. Edge (CloudWatch)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import CachedValue, in_thread
from ops_dashboard.monitoring.widgets import Widget
from stream_ingest.aws.errors import map_errors

Widgets = CachedValue[Sequence[Widget]]
_LIFETIME_S = 60.0


def dashboard_widgets(account: Account) -> Widgets:
    """Return the widgets of the stack's dashboard, to be shared by whatever shows them."""
    return CachedValue(lambda: in_thread(_read, account), _LIFETIME_S)


def alarm_names(widgets: Sequence[Widget]) -> list[str]:
    """Return the names of the alarms that a dashboard shows. Pure."""
    arns = [arn for each in widgets for arn in each["properties"].get("alarms", [])]
    return [arn.rpartition(":alarm:")[2] for arn in arns]


def _read(account: Account) -> list[Widget]:
    with map_errors("read the dashboard"):
        found = account.cloudwatch.get_dashboard(DashboardName=account.outputs.dashboard_name)
    return list(msgspec.json.decode(found["DashboardBody"])["widgets"])
