"""``ops-dashboard trace``: the timeline of a window or a photo. Edge (terminal)."""

from __future__ import annotations

import boto3

from ops_dashboard.inspect.named import check_window_id
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from ops_dashboard.trace.fact_text import with_facts
from ops_dashboard.trace.photo_command import show_photo
from ops_dashboard.trace.query import trace_query
from ops_dashboard.trace.reader import TimelineReader
from ops_dashboard.trace.timeline import Timeline
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.contracts.errors import DecodeError, NotFoundError
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.stack_outputs import StackOutputs


def show_trace(subject: str, *, stack: str, query_only: bool, json: bool) -> None:
    """Print the timeline of a window or a photo, or only the query for its log lines."""
    if is_window_id(subject) and query_only:
        print_json({"query": trace_query(subject)}) if json else print(trace_query(subject))  # noqa: T201 - lines for a pipe
        return
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    if is_window_id(subject):
        _show_window(session, outputs, subject, json=json)
    elif outputs.photos:
        show_photo(session, outputs, outputs.photos, subject, query_only=query_only, json=json)
    else:
        check_window_id(subject)  # raises


def is_window_id(subject: str) -> bool:
    """Return whether a text is a window id; any other text is taken for a photo."""
    try:
        split_window_id(subject)
    except DecodeError:
        return False
    return True


def _show_window(
    session: boto3.Session, outputs: StackOutputs, window_id: str, *, json: bool
) -> None:
    timeline = TimelineReader(session, outputs).read(window_id)
    if timeline is None:
        msg = (
            f"no window {window_id} in stack {outputs.stack!r}; `ops-dashboard windows` lists them"
        )
        raise NotFoundError(msg)
    if json:
        print_json(timeline)
    else:
        _print(timeline)


def _print(timeline: Timeline) -> None:
    window = timeline.window
    properties = [
        ("creator", window.creator),
        ("batch", window.batch_id),
        ("source", timeline.batch.source if timeline.batch else None),
        ("status", window.status),
        ("images", f"{window.image_count} in the window, {window.images_ok} in the collage"),
        ("attempts", window.attempts),
        ("error", window.error),
        ("being built by", window.lease_owner),
        ("replayed as", window.replayed_as),
        ("collage kept because", window.kept_because),
    ]
    shown = [(name, value) for name, value in properties if value is not None]
    print_table(table_of(("window", window.window_id), shown))
    print_line("")
    for step, facts in with_facts(timeline.steps):
        when = f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        print_line(f"{when}  {step.source:6}  {step.what}{facts and ' · '}{facts}")
    print_line("")
    objects = [
        (each.what, _size(each.bytes), f"s3://{each.bucket}/{each.key}")
        for each in timeline.objects
    ]
    print_table(table_of(("object", "bytes", "where"), objects))
    if timeline.empty_cells:
        empty = [(c.cell, c.reason, c.identity, c.detail) for c in timeline.empty_cells]
        print_table(table_of(("failed image", "reason", "identity", "detail"), empty))
    if timeline.log_error is not None:
        print_line(f"No log lines: {timeline.log_error}")
    print_line(f"Query for its log lines in Logs Insights, over {', '.join(timeline.log_groups)}:")
    for line in timeline.query.splitlines():
        print_line(f"  {line}")


def _size(count: int | None) -> object:
    return "missing" if count is None else count
