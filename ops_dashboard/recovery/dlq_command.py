"""``ops-dashboard dlq``. Edge: the composition root."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec
from rich.table import Table

from ops_dashboard.inspect.named import check_window_id
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import confirm, print_json, print_line, print_table
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.drop import Dropped
from ops_dashboard.recovery.letters import Listing
from ops_dashboard.recovery.redrive import RedriveReport
from ops_dashboard.recovery.stack_letters import StackLetters
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import NotFoundError

_OF_WINDOWS = frozenset({DeadLetterKind.COLLAGE, DeadLetterKind.WINDOW_RULE})


class DeadLetterCommands:
    """Lists, shows, redrives and drops the dead letters of one stack."""

    def __init__(self, stack: str) -> None:
        """Look up the stack; raises `UserError` if it is not deployed."""
        session = clients.session()
        outputs = load_stack(clients.parameters(session), stack)
        self._parts, self._bucket = StackLetters.of(session, outputs), outputs.output_bucket

    def list_all(self, limit: int, *, json: bool) -> None:
        """Print dead letters of each kind, and how many more there are."""
        with _counted("dead letters", "read") as report:
            found = self._parts.letters.listing(limit, report)
        if json:
            print_json(found.letters)
        elif found.letters:
            print_table(dead_letter_table(found.letters))
            say("`ops-dashboard dlq show ID` shows the body of one")
        elif not found.remaining:
            say("no dead letters")
        for line in remaining_lines(found, limit):
            say(line)

    def show(self, names: Collection[str], *, json: bool) -> None:
        """Print everything that is known about some dead letters."""
        found = self._find(names)
        if json:
            print_json(found)
            return
        for at, letter in enumerate(found):
            if at:
                print_line("")
            for line in letter_lines(letter):
                print_line(line)

    def redrive(
        self, names: Collection[str], window_id: str | None, *, every: bool, json: bool
    ) -> None:
        """Redrive dead letters by their ids, those of a window, or all of them.

        Raises `NotFoundError` if one is missing; nothing is sent then.
        """
        if window_id is not None:
            check_window_id(window_id)
        if names:
            names = {letter.id for letter in self._find(names)}

        def is_selected(letter: DeadLetter) -> bool:
            return (
                every or letter.id in names or (bool(window_id) and letter.window_id == window_id)
            )

        with _counted("dead letters", "redriven") as count:
            report = self._parts.redrive.run(is_selected, count)
        if window_id and not report.sent:
            msg = f"no dead letter of window {window_id}; `ops-dashboard dlq list` lists them"
            raise NotFoundError(msg)
        print_json(report) if json else _print_report(report)

    def drop(self, names: Collection[str], *, yes: bool, json: bool) -> None:
        """Drop dead letters after a confirmation; raises `NotFoundError` if one is missing."""
        chosen = self._find(names)
        if not yes:
            print_table(dead_letter_table(chosen))
            question = f"drop {_plural(len(chosen))}? A copy is stored in s3://{self._bucket}/"
            confirm(question, "nothing was dropped")
        dropped = self._parts.drop.run(chosen)
        if json:
            print_json(dropped)
            return
        for each in dropped:
            for line in dropped_lines(each, self._bucket):
                say(line)
        if len(dropped) < len(chosen):
            say(f"{_plural(len(chosen) - len(dropped))} gone, or being read by somebody else")

    def _find(self, names: Collection[str]) -> list[DeadLetter]:
        with _counted("dead letters", "searched") as report:
            return self._parts.letters.find(set(names), report)


def dead_letter_table(letters: Collection[DeadLetter]) -> Table:
    """Return a table of dead letters, one per row."""
    rows = [
        (each.ref, each.kind, each.when[:16].replace("T", " "), each.about, each.tries, each.why)
        for each in letters
    ]
    return table_of(("id", "kind", "when (UTC)", "about", "tries", "why"), rows)


def letter_lines(letter: DeadLetter) -> Iterator[str]:
    """Yield the lines that describe a dead letter, its body last."""
    fields = {
        "id": f"{letter.ref} ({letter.id})",
        "kind": letter.kind,
        "when": letter.when,
        "about": letter.about,
        "window": letter.window_id,
        "batch": letter.batch_id,
        "file": letter.file,
        "bucket": letter.bucket,
        "tries": "not counted" if letter.tries is None else f"{letter.tries:,}",
        "why": letter.why,
    }
    for name, value in fields.items():
        if value:
            yield f"{name + ':':<8} {value}"
    yield "body:"
    for line in _formatted(letter.body).split("\n"):
        yield f"  {line}"


def remaining_lines(found: Listing, limit: int) -> Iterator[str]:
    """Yield lines about dead letters that are not listed."""
    listed = Counter(letter.kind for letter in found.letters)
    for kind, number in found.remaining.items():
        if limit and listed[kind] >= limit:
            yield f"about {number:,} more of {kind}: --limit 0 lists all of them"
        else:
            yield (
                f"about {number:,} more of {kind}: somebody else reads them, or they have just"
                " gone; list again"
            )


def dropped_lines(dropped: Dropped, bucket: str) -> Iterator[str]:
    """Yield lines about a dead letter that was dropped: its copy, and what is missing now."""
    letter = dropped.letter
    yield f"dropped {letter.ref} ({letter.kind}): {letter.about}"
    yield f"  copy: s3://{bucket}/{dropped.copy}"
    if missing := _missing(dropped):
        yield f"  {missing}"


def _missing(dropped: Dropped) -> str | None:
    letter = dropped.letter
    if dropped.abandoned:
        return f"batch {dropped.abandoned} is abandoned: it ends with the rows that were sent"
    if letter.rows and letter.batch_id:
        return f"batch {letter.batch_id} counts its rows as quarantined"
    if letter.kind in _OF_WINDOWS and letter.window_id:
        return (
            f"window {letter.window_id} has no collage unless it was built before; the sweeper"
            f" marks it as failed, and `ops-dashboard replay --window {letter.window_id}` builds it"
        )
    if letter.kind == DeadLetterKind.INTAKE and letter.batch_id:
        return (
            f"if batch {letter.batch_id} has begun, `stream-ingest abandon {letter.batch_id}` ends"
            " it"
        )
    return None


def _formatted(body: str) -> str:
    try:
        return msgspec.json.format(body, indent=2)
    except msgspec.DecodeError:
        return body


def _plural(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count:,} dead letters"


@contextmanager
def _counted(what: str, done: str) -> Iterator[Callable[[int], None]]:
    """Show how many dead letters were read or sent so far."""
    with show_progress(what) as update:
        yield lambda count: update(f"{count:,} {done}", count, None)


def _print_report(report: RedriveReport) -> None:
    kinds = Counter(each.kind for each in report.sent)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    say(f"redriven: {counted}" if counted else "nothing to redrive")
    for batch_id in report.batches:
        say(f"  rows pushed as batch {batch_id}")
    for line in report.unreadable:
        say(f"  cannot be sent: {line}")
