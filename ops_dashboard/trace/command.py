"""``ops-dashboard trace WINDOW``: a window's story. Edge (terminal)."""

from __future__ import annotations

from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from ops_dashboard.trace.query import trace_query
from ops_dashboard.trace.reader import TimelineReader
from ops_dashboard.trace.timeline import Timeline, told
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.naming import split_window_id


def show_trace(window_id: str, *, stack: str, query_only: bool, json: bool) -> None:
    """Print what became of a window, or only the query that finds its log lines."""
    try:
        split_window_id(window_id)
    except DecodeError as error:
        raise UserError(f"{error}; `ops-dashboard windows` lists them") from error  # noqa: EM102, TRY003 - one line with the cause
    if query_only:
        print_json({"query": trace_query(window_id)}) if json else print(trace_query(window_id))  # noqa: T201 - lines for a pipe
        return
    session = clients.session()
    outputs = load_stack(session.client("ssm", config=clients.CONFIG), stack)
    story = TimelineReader(session, outputs).tell(window_id)
    if story is None:
        msg = f"no window {window_id} in stack {stack!r}; `ops-dashboard windows` lists them"
        raise UserError(msg)
    if json:
        print_json(story)
    else:
        _print(story)


def _print(story: Timeline) -> None:
    window = story.window
    facts = [
        ("creator", window.creator),
        ("batch", window.batch_id),
        ("status", window.status),
        ("images", f"{window.image_count} closed in, {window.images_ok} in the collage"),
        ("attempts", window.attempts),
        ("error", window.error),
        ("being built by", window.lease_owner),
        ("replayed as", window.replayed_as),
    ]
    shown = [(name, value) for name, value in facts if value is not None]
    print_table(table_of(("window", window.window_id), shown))
    print_line("")
    for step, said in told(story.steps):
        when = f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        print_line(f"{when}  {step.source:6}  {step.what}{said and ' · '}{said}")
    print_line("")
    objects = [
        (each.what, _size(each.bytes), f"s3://{each.bucket}/{each.key}") for each in story.objects
    ]
    print_table(table_of(("object", "bytes", "where"), objects))
    if story.empty_cells:
        empty = [(c.cell, c.reason, c.identity, c.detail) for c in story.empty_cells]
        print_table(table_of(("empty cell", "why", "image", "detail"), empty))
    if story.log_trouble is not None:
        print_line(f"No log lines: {story.log_trouble}")
    print_line(f"Its log lines in Logs Insights, over {', '.join(story.log_groups)}:")
    for line in story.query.splitlines():
        print_line(f"  {line}")


def _size(count: int | None) -> object:
    return "not there" if count is None else count
