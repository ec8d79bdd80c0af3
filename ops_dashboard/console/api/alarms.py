"""Endpoints of the alarms: their states, and one with its runbook and its chart. Edge (CloudWatch).

Every open page asks for the states twice a minute; all pages together read them once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.alarm_chart import (
    AlarmChart,
    WatchedRange,
    alarm_queries,
    alarm_range,
    build_alarm_chart,
)
from ops_dashboard.console.api.charts import Measured
from ops_dashboard.console.api.dashboard_body import Widgets, alarm_names
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response
from ops_dashboard.local.aws.bridge import alarm_store
from ops_dashboard.monitoring.metric_data import read_metrics
from ops_dashboard.monitoring.runbook import Step, read_runbook
from ops_dashboard.monitoring.widgets import Widget
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import NotFoundError

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

_LIFETIME_S = 20.0
_MAX_NAMES = 100
"""The maximum number of names in one DescribeAlarms call."""
_ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")


class AlarmState(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of one alarm."""

    name: str
    """Without the stack, as in the runbook."""
    state: str
    meaning: str
    """The alarm's description."""
    why: str
    """CloudWatch's reason for the state."""
    since: datetime | None


class AlarmStates(msgspec.Struct, frozen=True):
    """All alarms of the stack, those that are raised first."""

    alarms: list[AlarmState]


class AlarmSteps(msgspec.Struct, frozen=True):
    """The runbook's section of an alarm, which needs no AWS."""

    name: str
    steps: tuple[Step, ...]


class Alarms:
    """Serves the alarms of one stack."""

    def __init__(self, account: Account, widgets: Widgets) -> None:
        """Read the alarms of `account` that its dashboard shows."""
        self._account, self._widgets = account, widgets
        self._prefix = f"{account.outputs.dashboard_name}-"
        self._found = CachedValue(self._load, _LIFETIME_S)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/alarms``."""
        return [
            web.get("/api/alarms", self._get_states),
            web.get("/api/alarms/{name}", self._get_steps),
            web.get("/api/alarms/{name}/chart", self._get_chart),
        ]

    async def _get_states(self, _request: web.Request) -> web.Response:
        states = [self._state(alarm) for alarm in await self._found.get()]
        states.sort(key=lambda each: (_ORDER.index(each.state), each.name))
        return json_response(AlarmStates(states))

    async def _get_steps(self, request: web.Request) -> web.Response:
        name = _known(request.match_info["name"])
        return json_response(AlarmSteps(name, read_runbook()[name]))

    async def _get_chart(self, request: web.Request) -> web.Response:
        name = _known(request.match_info["name"])
        alarms = {each["AlarmName"]: each for each in await self._found.get()}
        alarm = alarms.get(self._prefix + name)
        if alarm is None:
            raise NotFoundError(_unknown(name))
        return json_response(await in_thread(self._chart, alarm, await self._widgets.get()))

    async def _load(self) -> list[MetricAlarmTypeDef]:
        names = alarm_names(await self._widgets.get())
        return await in_thread(self._describe, names)

    def _describe(self, names: Sequence[str]) -> list[MetricAlarmTypeDef]:
        found: list[MetricAlarmTypeDef] = []
        for first in range(0, len(names), _MAX_NAMES):
            some = list(names[first : first + _MAX_NAMES])
            with map_errors("read alarms"):
                answer = self._account.cloudwatch.describe_alarms(
                    AlarmNames=some, AlarmTypes=["MetricAlarm"], MaxRecords=_MAX_NAMES
                )
            found += answer["MetricAlarms"]
        return found

    def _state(self, alarm: MetricAlarmTypeDef) -> AlarmState:
        return AlarmState(
            name=alarm["AlarmName"].removeprefix(self._prefix),
            state=alarm.get("StateValue", "INSUFFICIENT_DATA"),
            meaning=alarm.get("AlarmDescription", ""),
            why=alarm.get("StateReason", ""),
            since=alarm.get("StateUpdatedTimestamp"),
        )

    def _chart(self, alarm: MetricAlarmTypeDef, widgets: Sequence[Widget]) -> AlarmChart:
        queries, threshold = alarm_queries(alarm), alarm.get("Threshold", 0.0)
        if not queries:  # the embedded AWS does not return them
            with map_errors("read the alarm"):
                definition = alarm_store.load_one(self._account.ssm, alarm["AlarmName"])
            queries, threshold = definition.queries, definition.threshold
        start, end = alarm_range(queries, datetime.now(UTC))
        with map_errors("read metrics"):
            series = read_metrics(
                self._account.cloudwatch,
                queries,
                datetime.fromtimestamp(start, UTC),
                datetime.fromtimestamp(end, UTC),
            )
        measured = Measured(
            is_aws=self._account.is_aws, prefetch=self._account.outputs.prefetch_covers
        )
        watched = WatchedRange(queries=queries, threshold=threshold, start=start, end=end)
        return build_alarm_chart(watched, series, widgets, measured)


def _known(name: str) -> str:
    """Return the name of an alarm of this release; raises `NotFoundError` for any other."""
    if name not in read_runbook():
        raise NotFoundError(_unknown(name))
    return name


def _unknown(name: str) -> str:
    return f"there is no alarm {name!r}"
