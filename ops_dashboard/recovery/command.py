"""``ops-dashboard replay`` and ``retry``. Edge: the composition root."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ops_dashboard.inspect.named import Named
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.printing.terminal import print_json
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.replay import (
    ArchiveReplay,
    ReplayResult,
    closed_between,
    follow,
    lag_warning,
    replay_name,
    retryable,
    summary_of,
)
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say, show_progress
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import NotFoundError, TransientError, UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.sources.timerange import parse_moment

TIMEOUT_S = 900.0
"""Waiting ends when no window has ended for this long."""


class Recovery:
    """Replays and retries on one stack."""

    def __init__(self, stack: str) -> None:
        """Look up the stack; raises `UserError` if it is not deployed."""
        self._session = clients.session()
        self._outputs: StackOutputs = load_stack(clients.parameters(self._session), stack)
        dynamodb = self._session.client("dynamodb", config=clients.CONFIG)
        self._reader = WindowReader(dynamodb, self._outputs.table_name)
        self._named = Named(dynamodb, self._outputs.table_name, stack, self._outputs.names_case)

    def replay(  # noqa: PLR0913 - one parameter for each option
        self,
        start: str | None,
        end: str | None,
        *,
        creators: list[str],
        windows: list[str],
        wait: bool,
        json: bool,
    ) -> None:
        """Rebuild collages of a time range, of creators in it, or of chosen windows.

        Raises `NotFoundError`, before anything is sent, for a window or creator that is unknown.
        """
        now = datetime.now(UTC)
        since = parse_moment(start, now) if start else None
        until = min(parse_moment(end, now), now) if end else now
        self._named.check_windows(windows)
        creators = self._named.find_creators(creators)
        name = replay_name("replay")
        if windows or creators:
            wanted = windows or list(self._of_creators(creators, since, until))
            self._rebuild(wanted, name, wait=wait, json=json, skip_permanent=False)
            return
        if since is None:
            msg = "nothing to replay: give --from (and --to), --creator or --window"
            raise UserError(msg)
        if warning := lag_warning(until, now):
            say(warning)
        found = [window.window_id for window in closed_between(self._reader, since, until)]
        # An event is archived shortly after its window closed, so the range ends a little later.
        ArchiveReplay(self._session.client("events", config=clients.CONFIG), self._outputs).start(
            name, since, until + timedelta(minutes=1)
        )
        say(f"replay {name} started: {len(found):,} windows closed in the range")
        self._end(found, name, wait=wait, json=json)

    def retry(self, *, batch_id: str | None, creator: str | None, wait: bool, json: bool) -> None:
        """Rebuild windows with images that failed for a reason that may have passed.

        Raises `NotFoundError` for an unknown batch or creator.
        """
        if batch_id:
            self._named.check_batch(batch_id)
        if creator:
            (creator,) = self._named.find_creators([creator])
        chosen = retryable(self._failed(batch_id, creator))
        self._rebuild(list(chosen), replay_name("retry"), wait=wait, json=json, skip_permanent=True)

    def _failed(self, batch_id: str | None, creator: str | None) -> Iterable[WindowRecord]:
        if creator:
            found = self._reader.of_creator(creator)
            return (each for each in found if batch_id in (None, each.batch_id))
        if batch_id:
            return self._reader.of_batch(batch_id)
        statuses = (table.WindowStatus.PARTIAL, table.WindowStatus.FAILED)
        return (each for status in statuses for each in self._reader.in_status(status))

    def _of_creators(
        self, creators: list[str], since: datetime | None, until: datetime
    ) -> Iterable[str]:
        for creator in creators:
            for window in self._reader.of_creator(creator):
                closed = datetime.fromisoformat(window.closed_at)
                if (since is None or closed >= since) and closed < until:
                    yield window.window_id

    def _rebuild(
        self, window_ids: list[str], name: str, *, wait: bool, json: bool, skip_permanent: bool
    ) -> None:
        if not window_ids:
            say("nothing to rebuild")
            if json:
                print_json(ReplayResult(name=name, windows=0, by_status={}))
            return
        rebuild = Rebuild(
            self._reader,
            self._session.client("sqs", config=clients.CONFIG),
            self._session.client("s3", config=clients.CONFIG),
            self._outputs,
        )
        report = rebuild.send(window_ids, name, skip_permanent=skip_permanent)
        if not report.sent:
            msg = "nothing to rebuild: the windows' events have expired, such as that of"
            msg = f"{msg} {report.expired[0]}"
            raise NotFoundError(msg)
        say(f"{name}: {len(report.sent):,} windows sent to be rebuilt")
        if report.expired:
            say(
                f"{len(report.expired):,} skipped because their events have expired, such as"
                f" {report.expired[0]}"
            )
        self._end(report.sent, name, wait=wait, json=json)

    def _end(self, window_ids: list[str], name: str, *, wait: bool, json: bool) -> None:
        end = ReplayResult(name=name, windows=len(window_ids), by_status={})
        if wait:
            with show_progress(name) as update:
                end = follow(
                    self._reader,
                    window_ids,
                    name,
                    timeout_s=TIMEOUT_S,
                    report=lambda done, total: update(
                        f"{done:,} of {total:,} windows rebuilt", done, total
                    ),
                )
            say(f"{name}: {summary_of(end)}")
        if json:
            print_json(end)
        if end.waiting:
            msg = f"{end.waiting:,} windows have not ended; none did for {TIMEOUT_S:.0f} s"
            raise TransientError(msg)
