"""``ops-dashboard creators`` and ``windows``. Edge (terminal)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
from rich.table import Table

from ops_dashboard.inspect.creators import CreatorEntry, CreatorReader, CreatorView, OpenWindowView
from ops_dashboard.inspect.named import Named, check_name
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPage, WindowPages
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.window_sheet import WindowSheet
from ops_dashboard.printing.colours import status_text
from ops_dashboard.printing.tables import counted, table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.cli.whole_file import whole_file
from stream_ingest.contracts.errors import NotFoundError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_Each = TypeVar("_Each")
_HISTORY = 20
"""Maximum number of a creator's windows to show with it."""


class CreatorListing(msgspec.Struct, frozen=True, kw_only=True):
    """The creator of exactly the given name, or those whose names begin with it."""

    creator: CreatorView | None
    windows: list[WindowRecord]
    """Its latest windows."""
    creators: list[CreatorEntry]
    next: str | None


def show_windows(
    stack: str, wanted: WindowFilter, *, limit: int, after: str | None, json: bool
) -> None:
    """Print windows of a stack; raises as `Listings.windows`."""
    Listings(stack).windows(wanted, limit=limit, after=after, json=json)


def write_windows(
    stack: str, wanted: WindowFilter, *, limit: int | None, path: Path | None
) -> None:
    """Write windows of a stack as CSV, by default all; raises as `Listings.windows`."""
    Listings(stack).write_windows(wanted, limit=limit, path=path)


def show_creators(
    stack: str, name: str | None, *, limit: int, after: str | None, json: bool
) -> None:
    """Print creators of a stack; raises as `Listings.creators`."""
    Listings(stack).creators(name, limit=limit, after=after, json=json)


class Listings:
    """Lists creators and windows of one stack."""

    def __init__(self, stack: str) -> None:
        """Look up the stack; raises `UserError` if it is not deployed."""
        session = clients.session()
        outputs = load_stack(clients.parameters(session), stack)
        dynamodb: DynamoDBClient = session.client("dynamodb", config=clients.CONFIG)
        self._creators = CreatorReader(
            dynamodb,
            outputs.table_name,
            prefetch=outputs.prefetch_covers,
            creator_case=outputs.names_case,
        )
        self._windows = WindowPages(dynamodb, outputs.table_name)
        self._named = Named(dynamodb, outputs.table_name, stack, outputs.names_case)
        self._stack = stack

    def windows(self, wanted: WindowFilter, *, limit: int, after: str | None, json: bool) -> None:
        """Print windows, newest first; raises `NotFoundError` for an unknown creator or batch."""
        page = self._window_page(self._checked(wanted), limit, after)
        if json:
            print_json(page)
            return
        if not page.windows:
            say("no such windows")
            return
        print_table(window_table(page.windows))
        _say_next(page.next)

    def write_windows(self, wanted: WindowFilter, *, limit: int | None, path: Path | None) -> None:
        """Write windows as CSV to a file, or to stdout; raises as `windows`."""
        found = islice(self._windows.every(self._checked(wanted)), limit)
        with whole_file(path) as file:
            sheet = WindowSheet(file)
            count = 0
            for count, window in enumerate(found, 1):  # noqa: B007 - the number of the last
                sheet.add(window)
        say(f"{counted(count, 'window')} written{f' to {path}' if path else ''}")

    def _checked(self, wanted: WindowFilter) -> WindowFilter:
        """Return the filter with the creator's stored name; raises `NotFoundError`."""
        if wanted.batch_id is not None:
            self._named.check_batch(wanted.batch_id)
        if wanted.creator is None:
            return wanted
        (name,) = self._named.find_creators([wanted.creator])
        return msgspec.structs.replace(wanted, creator=name)

    def creators(self, name: str | None, *, limit: int, after: str | None, json: bool) -> None:
        """Print one creator, or those whose names begin with `name`.

        Raises `NotFoundError` if there are none of that name.
        """
        if name is not None:
            check_name(name)
        found = self._search(name, limit, after)
        nobody = found.creator is None and not found.creators and found.next is None
        if name is not None and after is None and nobody:
            msg = f"no creator of stack {self._stack!r} has a name that begins with {name!r}"
            raise NotFoundError(msg)
        if json:
            print_json(found)
        elif found.creator is not None:
            _print_creator(found.creator, found.windows)
        elif found.creators:
            print_table(creator_table(found.creators))
            _say_next(found.next)
        elif found.next is not None:
            say("nothing found yet")
            _say_next(found.next)
        else:
            say("no creators" if name is None else "no more creators")

    def _search(self, name: str | None, limit: int, after: str | None) -> CreatorListing:
        creator = self._creators.find(name) if name and after is None else None
        if creator is not None:
            wanted = WindowFilter(creator=creator.creator)
            history = self._window_page(wanted, min(limit, _HISTORY), None)
            return CreatorListing(
                creator=creator, windows=history.windows, creators=[], next=history.next
            )
        found, cursor = _filled(
            lambda left, cursor: _pair(self._creators, name or "", left, cursor), limit, after
        )
        return CreatorListing(creator=None, windows=[], creators=found, next=cursor)

    def _window_page(self, wanted: WindowFilter, limit: int, after: str | None) -> WindowPage:
        def page(left: int, cursor: str | None) -> tuple[list[WindowRecord], str | None]:
            found = self._windows.list_page(wanted, limit=left, after=cursor)
            return found.windows, found.next

        windows, cursor = _filled(page, limit, after)
        return WindowPage(windows=windows, next=cursor)


def _pair(
    reader: CreatorReader, prefix: str, limit: int, after: str | None
) -> tuple[list[CreatorEntry], str | None]:
    page = reader.list_page(prefix, limit=limit, after=after)
    return page.creators, page.next


def _filled(
    page: Callable[[int, str | None], tuple[list[_Each], str | None]], limit: int, after: str | None
) -> tuple[list[_Each], str | None]:
    """Return `limit` entries, from as many pages as that takes."""
    found, cursor = page(limit, after)
    while cursor is not None and len(found) < limit:
        more, cursor = page(limit - len(found), cursor)
        found += more
    return found, cursor


def _print_creator(creator: CreatorView, windows: list[WindowRecord]) -> None:
    facts = [
        ("windows closed", creator.windows_closed),
        ("images waiting", creator.open_images),
        ("images known", creator.known_images),
        ("last batch", creator.last_batch),
    ]
    if creator.erased_at is not None:
        facts.append(("erased", f"{creator.erased_at:%Y-%m-%d %H:%M}"))
        facts.append(("later rows", "refused" if creator.is_blocked else "accepted"))
    if creator.display_name:
        facts.insert(0, ("spelled", creator.display_name))
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
    """Return how many of a window's covers are prefetched or lost, if any."""
    counts = [f"{window.prefetched} prefetched"] if window.prefetched else []
    counts += [f"{window.lost} lost"] if window.lost else []
    return f" ({', '.join(counts)})" if counts else ""


def _closing(window: OpenWindowView) -> str:
    """Return when and why an open window will be closed if no row arrives."""
    if window.closes_at is None:
        return window.closes_because or "when full"
    at = f"{window.closes_at:%Y-%m-%d %H:%M}"
    if window.closes_because == "batch-end":
        return f"with its batch, by {at} at the latest"
    return f"{window.closes_because}, {at}"


def creator_table(creators: list[CreatorEntry]) -> Table:
    """Return a table of creators, one per row."""
    rows = [
        (each.display_name or each.creator, each.open_images, each.last_batch) for each in creators
    ]
    return table_of(("creator", "images waiting", "last batch"), rows)


def window_table(windows: list[WindowRecord]) -> Table:
    """Return a table of windows, one per row."""
    columns = ("window", "creator", "batch", "status", "images", "closed (UTC)", "why", "failure")
    rows = [
        (
            each.window_id,
            each.creator,
            each.batch_id,
            status_text(each.status),
            f"{each.images_ok} of {each.image_count}",
            each.closed_at[:19].replace("T", " "),
            each.closed_because,
            failure_text(each),
        )
        for each in windows
    ]
    return table_of(columns, rows, spare=("creator", "why", "batch", "closed (UTC)"))


def failure_text(window: WindowRecord) -> str:
    """Return why a window failed, and the number of failed images by reason. Pure."""
    counts = ", ".join(f"{count} {reason}" for reason, count in window.failures.items())
    if window.error is None:
        return counts
    return f"{window.error} ({counts})" if counts else window.error


def _say_next(cursor: str | None) -> None:
    if cursor is not None:
        say(f"there are more: --after {cursor}")
