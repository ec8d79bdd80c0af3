"""``dlq``, ``replay`` and ``retry``, from options to last line. Edge: the composition root."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from rich.table import Table

from collage_lambda.reasons import FailureReason
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.redrive import Redrive, Redriven
from ops_dashboard.recovery.replay import (
    ArchiveReplay,
    ReplayEnd,
    closed_between,
    follow,
    lag_warning,
    replay_name,
    retryable,
)
from stream_ingest.aws import clients
from stream_ingest.aws.stack import StackOutputs, load_stack
from stream_ingest.cli.terminal import say, show_progress
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import parse_moment

PATIENCE_S = 900.0
"""Without any window ending for this long, waiting is given up."""
_PASSING = frozenset(str(reason) for reason in FailureReason if reason.is_passing)


class Recovery:
    """The operator's ways back, on one stack."""

    def __init__(self, stack: str) -> None:
        """Look the stack up; `UserError` where it is not deployed."""
        self._session = clients.session()
        self._outputs: StackOutputs = load_stack(
            self._session.client("ssm", config=clients.CONFIG), stack
        )
        self._reader = WindowReader(
            self._session.client("dynamodb", config=clients.CONFIG), self._outputs.table_name
        )

    def list_letters(self, *, json: bool) -> None:
        """Print every dead letter."""
        letters = self._redrive().letters()
        if json:
            print_json(letters)
        elif letters:
            print_table(letter_table(letters))
        else:
            say("no dead letters")

    def redrive(self, window_id: str | None, *, json: bool) -> None:
        """Send on the dead letters of one window, or all of them."""

        def wanted(letter: DeadLetter) -> bool:
            return window_id is None or letter.window_id == window_id

        done = self._redrive().run(wanted)
        if window_id and not done.sent:
            msg = f"no dead letter of window {window_id}"
            raise UserError(msg)
        print_json(done) if json else _tell_redriven(done)

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
        """Build collages again: of a time range, of creators in it, or of chosen windows."""
        now = datetime.now(UTC)
        since = parse_moment(start, now) if start else None
        until = parse_moment(end, now) if end else now
        name = replay_name("replay")
        if windows or creators:
            wanted = windows or list(self._of_creators(creators, since, until))
            self._rebuild(wanted, name, wait=wait, json=json, spares=False)
            return
        if since is None:
            msg = "say what to replay: --from (and --to), --creator or --window"
            raise UserError(msg)
        if warning := lag_warning(until, now):
            say(warning)
        found = [window.window_id for window in closed_between(self._reader, since, until)]
        # An event is archived moments after its window closed: ask for a little more than that.
        ArchiveReplay(self._session.client("events", config=clients.CONFIG), self._outputs).start(
            name, since, until + timedelta(minutes=1)
        )
        say(f"replay {name} started: {len(found):,} windows closed in the range")
        self._end(found, name, wait=wait, json=json)

    def retry(self, *, batch_id: str | None, creator: str | None, wait: bool, json: bool) -> None:
        """Fetch again what failed for a passing reason, and build those collages again."""
        chosen = retryable(self._failed(batch_id, creator), _PASSING.__contains__)
        self._rebuild(list(chosen), replay_name("retry"), wait=wait, json=json, spares=True)

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
        self, window_ids: list[str], name: str, *, wait: bool, json: bool, spares: bool
    ) -> None:
        if not window_ids:
            say("nothing to build again")
            if json:
                print_json(ReplayEnd(name=name, windows=0, by_status={}))
            return
        rebuild = Rebuild(
            self._reader,
            self._session.client("sqs", config=clients.CONFIG),
            self._session.client("s3", config=clients.CONFIG),
            self._outputs,
        )
        asked, gone = rebuild.ask(window_ids, name, spares=spares)
        say(f"{name}: {len(asked):,} windows sent to be built again")
        if gone:
            say(f"{len(gone):,} have no event any more, such as {gone[0]}")
        self._end(asked, name, wait=wait, json=json)

    def _end(self, window_ids: list[str], name: str, *, wait: bool, json: bool) -> None:
        end = ReplayEnd(name=name, windows=len(window_ids), by_status={})
        if wait:
            with show_progress(name) as tell:
                end = follow(
                    self._reader,
                    window_ids,
                    name,
                    patience_s=PATIENCE_S,
                    tell=_told(tell),
                )
            built = ", ".join(f"{count:,} {status}" for status, count in end.by_status.items())
            say(f"{name}: {end.windows - end.waiting:,} of {end.windows:,} built again ({built})")
        if json:
            print_json(end)
        if end.waiting:
            msg = f"{end.waiting:,} windows had not ended when nothing moved for {PATIENCE_S:.0f} s"
            raise UserError(msg)

    def _redrive(self) -> Redrive:
        return Redrive(self._session, self._outputs)


def _told(tell: Callable[[str, float, float | None], None]) -> Callable[[int, int], None]:
    return lambda done, total: tell(f"{done:,} of {total:,} windows built again", done, total)


def letter_table(letters: list[DeadLetter]) -> Table:
    """Return a table of dead letters, a line each."""
    rows = [
        (
            letter.kind,
            letter.when,
            letter.window_id or letter.batch_id or letter.id,
            letter.tries,
            letter.why,
        )
        for letter in letters
    ]
    return table_of(("kind", "when", "window or object", "tries", "why"), rows)


def _tell_redriven(done: Redriven) -> None:
    kinds = Counter(letter.kind for letter in done.sent)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    say(f"sent again: {counted}" if counted else "nothing to send again")
    for batch_id in done.batches:
        say(f"  rows pushed as batch {batch_id}")
    for line in done.unreadable:
        say(f"  still unreadable: {line}")
