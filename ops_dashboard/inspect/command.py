"""``ops-dashboard creators`` and ``windows``. Edge (terminal)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec
from rich.table import Table

from ops_dashboard.inspect.creators import CreatorEntry, CreatorReader, CreatorView, OpenWindowView
from ops_dashboard.inspect.window_pages import WindowFilter, WindowPage, WindowPages
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.naming import is_creator_name

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_Each = TypeVar("_Each")
_HISTORY = 20
"""Windows of a creator that are shown with it."""


class CreatorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a name: the creator of that very name, or those whose names begin so."""

    creator: CreatorView | None
    windows: list[WindowRecord]
    """The creator's latest windows."""
    creators: list[CreatorEntry]
    next: str | None


class Listings:
    """Lists what is in one stack's table."""

    def __init__(self, stack: str) -> None:
        """Look the stack up; `UserError` where it is not deployed."""
        session = clients.session()
        outputs = load_stack(session.client("ssm", config=clients.CONFIG), stack)
        dynamodb: DynamoDBClient = session.client("dynamodb", config=clients.CONFIG)
        self._creators = CreatorReader(
            dynamodb, outputs.table_name, prefetch=outputs.prefetch_covers
        )
        self._windows = WindowPages(dynamodb, outputs.table_name)

    def windows(self, wanted: WindowFilter, *, limit: int, after: str | None, json: bool) -> None:
        """Print windows, newest first."""
        if wanted.creator is not None:
            check_name(wanted.creator)
        page = self._window_page(wanted, limit, after)
        if json:
            print_json(page)
            return
        if not page.windows:
            say("no such windows")
            return
        print_table(window_table(page.windows))
        _tell_next(page.next)

    def creators(self, name: str | None, *, limit: int, after: str | None, json: bool) -> None:
        """Print one creator, or those whose names begin with `name`."""
        if name is not None:
            check_name(name)
        answer = self._answer(name, limit, after)
        if json:
            print_json(answer)
        elif answer.creator is not None:
            _print_creator(answer.creator, answer.windows)
        elif answer.creators:
            print_table(creator_table(answer.creators))
            _tell_next(answer.next)
        elif answer.next is not None:
            say("none found so far")
            _tell_next(answer.next)
        else:
            say("no creators" if name is None else "no creator's name begins so")

    def _answer(self, name: str | None, limit: int, after: str | None) -> CreatorAnswer:
        creator = self._creators.one(name) if name and after is None else None
        if creator is not None:
            wanted = WindowFilter(creator=creator.creator)
            history = self._window_page(wanted, min(limit, _HISTORY), None)
            return CreatorAnswer(
                creator=creator, windows=history.windows, creators=[], next=history.next
            )
        found, cursor = _filled(
            lambda left, cursor: _pair(self._creators, name or "", left, cursor), limit, after
        )
        return CreatorAnswer(creator=None, windows=[], creators=found, next=cursor)

    def _window_page(self, wanted: WindowFilter, limit: int, after: str | None) -> WindowPage:
        def page(left: int, cursor: str | None) -> tuple[list[WindowRecord], str | None]:
            found = self._windows.page(wanted, limit=left, after=cursor)
            return found.windows, found.next

        windows, cursor = _filled(page, limit, after)
        return WindowPage(windows=windows, next=cursor)


def _pair(
    reader: CreatorReader, prefix: str, limit: int, after: str | None
) -> tuple[list[CreatorEntry], str | None]:
    page = reader.page(prefix, limit=limit, after=after)
    return page.creators, page.next


def _filled(
    page: Callable[[int, str | None], tuple[list[_Each], str | None]], limit: int, after: str | None
) -> tuple[list[_Each], str | None]:
    """Return as many entries as were asked for, over as many pages as that takes."""
    found, cursor = page(limit, after)
    while cursor is not None and len(found) < limit:
        more, cursor = page(limit - len(found), cursor)
        found += more
    return found, cursor


def check_name(name: str) -> None:
    """Raise `UserError` for what cannot be a creator's name."""
    if not is_creator_name(name):
        msg = "not a creator's name: 1 to 128 bytes of UTF-8 without control characters"
        raise UserError(msg)


def _print_creator(creator: CreatorView, windows: list[WindowRecord]) -> None:
    facts = [
        ("windows closed", creator.windows_closed),
        ("images waiting", creator.open_images),
        ("images known", creator.known_images),
        ("last batch", creator.last_batch),
    ]
    print_table(table_of(("creator", creator.creator), facts))
    if creator.open:
        columns = ("waiting", "collage", "last row", "oldest cover", "closes", "batch")
        rows = [
            (
                f"{each.images} of {each.size}{_prefetched(each)}",
                each.settings.window_key,
                f"{each.touched_at:%Y-%m-%d %H:%M}",
                f"{each.oldest_cover_at:%Y-%m-%d %H:%M}",
                _closing(each),
                each.batch_id,
            )
            for each in creator.open
        ]
        print_table(table_of(columns, rows))
    if windows:
        print_table(window_table(windows))


def _prefetched(window: OpenWindowView) -> str:
    """Return how many of a window's covers are prefetched or lost, where any is."""
    counts = [f"{window.prefetched} prefetched"] if window.prefetched else []
    counts += [f"{window.lost} lost"] if window.lost else []
    return f" ({', '.join(counts)})" if counts else ""


def _closing(window: OpenWindowView) -> str:
    """Return when and why an open window will be closed, if no row comes."""
    if window.closes_at is None:
        return window.closes_because or "when full"
    at = f"{window.closes_at:%Y-%m-%d %H:%M}"
    if window.closes_because == "batch-end":
        return f"with its batch, by {at} at the latest"
    return f"{window.closes_because}, {at}"


def creator_table(creators: list[CreatorEntry]) -> Table:
    """Return a table of creators, a line each."""
    rows = [(each.creator, each.open_images, each.last_batch) for each in creators]
    return table_of(("creator", "images waiting", "last batch"), rows)


def window_table(windows: list[WindowRecord]) -> Table:
    """Return a table of windows, a line each."""
    columns = ("window", "creator", "batch", "status", "images", "closed (UTC)", "why", "trouble")
    rows = [
        (
            each.window_id,
            each.creator,
            each.batch_id,
            each.status,
            f"{each.images_ok} of {each.image_count}",
            each.closed_at[:19].replace("T", " "),
            each.closed_because,
            trouble_of(each),
        )
        for each in windows
    ]
    return table_of(columns, rows)


def trouble_of(window: WindowRecord) -> str:
    """Return why a window failed, and how many of its images for which reason. Pure."""
    counts = ", ".join(f"{count} {reason}" for reason, count in window.failures.items())
    if window.error is None:
        return counts
    return f"{window.error} ({counts})" if counts else window.error


def _tell_next(cursor: str | None) -> None:
    if cursor is not None:
        say(f"there are more: --after {cursor}")
