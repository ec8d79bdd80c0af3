"""The dashboard for the overview: CloudWatch's own body and data, read once for all. Edge.

GetMetricData is billed by the metric (0.01 USD per 1,000; a look at the whole dashboard is some
150), so on AWS the data are read once a minute at most, which is also how often there are new ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.charts import RANGES, Ask, Shown, asks_of, period_for, shown
from ops_dashboard.console.api.json_api import Fresh, answer
from ops_dashboard.monitoring.metric_data import read_metrics
from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import UserError

_BODY_LIFE_S = 60.0
_DATA_LIFE_S = {True: 60.0, False: 3.0}
"""On AWS, and on the embedded one."""
_MOST_ALARMS = 100
"""DescribeAlarms takes so many names."""


class AlarmState(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm as it stands."""

    name: str
    state: str
    meaning: str
    why: str
    since: datetime | None


class DashboardNow(msgspec.Struct, frozen=True, kw_only=True):
    """A whole dashboard with its data."""

    name: str
    start: int
    end: int
    """Epoch seconds that charts reach from and to."""
    period: int
    """Seconds that a point of a chart stands for."""
    widgets: list[Shown]
    alarms: list[AlarmState]


class Overview:
    """Answers with the stack's dashboard."""

    def __init__(self, account: Account) -> None:
        """Read one stack's dashboard."""
        self._account = account
        self._body = Fresh(self._read_body, _BODY_LIFE_S)
        life_s = _DATA_LIFE_S[account.is_aws]
        self._ranges = {
            name: Fresh(lambda minutes=minutes: self._read(minutes), life_s)  # type: ignore[misc]  # bound
            for name, minutes in RANGES.items()
        }
        self._widgets: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [web.get("/api/dashboard", self._get)]

    async def _get(self, request: web.Request) -> web.Response:
        name = request.query.get("range", "1h")
        if name not in self._ranges:
            msg = f"range {name!r}: expected one of {', '.join(RANGES)}"
            raise UserError(msg)
        self._widgets = await self._body.get()
        return answer(await self._ranges[name].get())

    def _read_body(self) -> list[dict[str, Any]]:
        with map_errors("read the dashboard"):
            found = self._account.cloudwatch.get_dashboard(
                DashboardName=self._account.outputs.dashboard_name
            )
        body = msgspec.json.decode(found["DashboardBody"])
        return list(body["widgets"])

    def _read(self, minutes: int) -> DashboardNow:
        now = next_minute(datetime.now(UTC))
        asks = [asks_of(widget, minutes, now) for widget in self._widgets]
        data = self._data([ask for each in asks for ask in each])
        widgets = []
        for widget, own in zip(self._widgets, asks, strict=True):
            widgets.append(shown(widget, own, [data[id(ask)] for ask in own]))
        end = int(now.timestamp())
        names = [name for widget in widgets for name in widget.alarms]
        return DashboardNow(
            name=self._account.outputs.dashboard_name,
            start=end - minutes * 60,
            end=end,
            period=period_for(minutes),
            widgets=widgets,
            alarms=self._alarms(names),
        )

    def _data(self, asks: Sequence[Ask]) -> dict[int, dict[str, Series]]:
        """Return the series of each ask, by its identity: one call for all of the same range."""
        together: dict[tuple[datetime, datetime], list[tuple[Ask, str]]] = defaultdict(list)
        for number, ask in enumerate(asks):
            together[ask.start, ask.end].append((ask, f"w{number}_"))
        found: dict[int, dict[str, Series]] = {}
        for (start, end), named in together.items():
            queries = [each for ask, prefix in named for each in _prefixed(ask.queries, prefix)]
            with map_errors("read metrics"):
                series = read_metrics(self._account.cloudwatch, queries, start, end)
            for ask, prefix in named:
                found[id(ask)] = {
                    key.removeprefix(prefix): points
                    for key, points in series.items()
                    if key.startswith(prefix)
                }
        return found

    def _alarms(self, names: Sequence[str]) -> list[AlarmState]:
        if not names:
            return []
        with map_errors("read alarms"):
            found = self._account.cloudwatch.describe_alarms(AlarmNames=list(names)[:_MOST_ALARMS])
        return [
            AlarmState(
                name=alarm["AlarmName"],
                state=alarm.get("StateValue", "INSUFFICIENT_DATA"),
                meaning=alarm.get("AlarmDescription", ""),
                why=alarm.get("StateReason", ""),
                since=alarm.get("StateUpdatedTimestamp"),
            )
            for alarm in found["MetricAlarms"]
        ]


def next_minute(now: datetime) -> datetime:
    """Return the end of this minute: what is being counted is shown, too."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _prefixed(queries: Sequence[Query], prefix: str) -> list[Query]:
    """Return the queries of metrics under ids that no other widget has."""
    return [{**query, "Id": prefix + query["Id"]} for query in queries if "MetricStat" in query]
