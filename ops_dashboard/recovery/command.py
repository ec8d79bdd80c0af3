"""``ops-dashboard replay`` and ``retry``. Edge: the composition root."""

from __future__ import annotations

from datetime import UTC, datetime

from ops_dashboard.inspect.named import Named
from ops_dashboard.printing.terminal import print_json
from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.replay_result import ReplayResult, summary_of
from ops_dashboard.recovery.runs.choosing import Order
from ops_dashboard.recovery.runs.following import follow
from ops_dashboard.recovery.runs.run import Kind, Run
from ops_dashboard.recovery.runs.runner import NothingToBuildError
from ops_dashboard.recovery.runs.stack_runs import StackRuns
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say
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
        self._runs = StackRuns.of(self._session, self._outputs)
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
        if since is None and not (windows or creators):
            msg = "nothing to replay: give --from (and --to), --creator or --window"
            raise UserError(msg)
        order = Order(windows=tuple(windows), creators=tuple(creators), since=since, until=until)
        self._run(order, wait=wait, json=json)

    def retry(self, *, batch_id: str | None, creator: str | None, wait: bool, json: bool) -> None:
        """Rebuild windows with images that failed for a reason that may have passed.

        Raises `NotFoundError` for an unknown batch or creator.
        """
        if batch_id:
            self._named.check_batch(batch_id)
        if creator:
            (creator,) = self._named.find_creators([creator])
        order = Order(
            kind=Kind.RETRY,
            batch=batch_id,
            creators=(creator,) if creator else (),
            until=datetime.now(UTC),
        )
        self._run(order, wait=wait, json=json)

    def _run(self, order: Order, *, wait: bool, json: bool) -> None:
        try:
            run, windows = self._runs.runner.start(order)
        except NothingToBuildError:
            say("nothing to rebuild")
            if json:
                name = replay_name(order.kind)
                print_json(ReplayResult(name=name, windows=0, by_status={}))
            return
        if run.warning:
            say(run.warning)
        with show_progress(run.name) as update:
            run = self._runs.runner.work(
                run,
                windows,
                lambda now: update(f"{now.sent:,} of {now.windows:,} windows sent", now.sent, None),
            )
        if run.archive is not None:
            say(f"replay {run.name} started: {run.windows:,} windows closed in the range")
        elif run.gone == run.windows:
            msg = "nothing to rebuild: the windows' events have expired"
            raise NotFoundError(msg)
        else:
            say(f"{run.name}: {run.windows - run.gone:,} windows sent to be rebuilt")
        if run.gone:
            say(f"{run.gone:,} skipped because their events have expired")
        self._end(run, wait=wait, json=json)

    def _end(self, run: Run, *, wait: bool, json: bool) -> None:
        total = run.windows - run.gone
        end = ReplayResult(name=run.name, windows=total, by_status={})
        if wait:
            with show_progress(run.name) as update:
                end = follow(
                    self._runs.counter,
                    run,
                    timeout_s=TIMEOUT_S,
                    report=lambda done, total: update(
                        f"{done:,} of {total:,} windows rebuilt", done, total
                    ),
                )
            say(f"{run.name}: {summary_of(end)}")
        if json:
            print_json(end)
        if end.waiting:
            msg = f"{end.waiting:,} windows have not ended; none did for {TIMEOUT_S:.0f} s"
            raise TransientError(msg)
