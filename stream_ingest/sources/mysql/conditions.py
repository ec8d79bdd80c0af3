"""The SQL conditions of the rows that a selection has. Pure."""

from __future__ import annotations

from datetime import datetime

from stream_ingest.sources.creator_filter import CreatorFilter
from stream_ingest.sources.mysql.keys import quote
from stream_ingest.sources.mysql.moments import Condition
from stream_ingest.sources.mysql.read_plan import ReadPlan
from stream_ingest.sources.source import Selection

Where = tuple[list[str], list[object]]
"""Conditions, and the values of their parameters."""


def all_rows(selection: Selection, plan: ReadPlan, creators: CreatorFilter) -> Where:
    """Return the conditions of all rows, without those that `late_rows` adds."""
    within = selection.within
    where, values = creators.condition(quote(plan.columns.creator))
    if selection.by_key and plan.increasing:
        where.append(f"{quote(plan.increasing)} > %s")
        values.append(selection.late_after)
    elif within.since:
        condition, more = _since(selection, plan, within.since)
        if plan.increasing and not plan.by_time and selection.late_after is not None:
            condition = f"({condition} OR {quote(plan.increasing)} > %s)"
            more = [*more, selection.late_after]
        where.append(condition)
        values += more
    if within.until:
        condition, more = plan.time.until(within.until)
        where.append(condition)
        values += more
    return where, values


def late_rows(selection: Selection, plan: ReadPlan, creators: CreatorFilter) -> Where | None:
    """Return the conditions of late rows; None if they are read with the others."""
    since, late = selection.within.since, selection.late_after
    if selection.by_key or since is None or late is None:
        return None
    if plan.increasing is None or not plan.by_time:
        return None
    where, values = creators.condition(quote(plan.columns.creator))
    condition, more = _since(selection, plan, since)
    where += [f"{quote(plan.increasing)} > %s", f"NOT ({condition})"]
    return where, [*values, late, *more]


def _since(selection: Selection, plan: ReadPlan, since: datetime) -> Condition:
    return plan.time.since(since, later=selection.with_later)
