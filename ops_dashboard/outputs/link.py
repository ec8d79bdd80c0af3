"""``ops-dashboard link``. Edge: the composition root."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from ops_dashboard.inspect.named import Named
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.printing.terminal import print_json, print_line
from stream_ingest.aws import clients
from stream_ingest.aws.presigning import PRESIGNING
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import NotFoundError, UserError
from stream_ingest.contracts.settings import parse_duration
from stream_ingest.contracts.timestamps import iso_second

MAX_LIFE_S = 7 * 86_400
"""What S3 allows for a URL signed with version 4."""


class CollageLink(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that opens a collage without credentials, and its page in the console."""

    window_id: str
    url: str
    expires_at: str
    """The credentials that sign it may end earlier, and the URL with them."""
    console: str | None
    """None if no address of a console is known."""


def life_of(expires: str) -> int:
    """Return the seconds that links work; raises `UserError` for another text or too long. Pure."""
    life_s = parse_duration(expires)
    if not 1 <= life_s <= MAX_LIFE_S:
        msg = f"--expires {expires}: expected 1s to 7d, which is what S3 allows"
        raise UserError(msg)
    return life_s


def console_page(console: str, window_id: str) -> str:
    """Return the address of a window in a console. Pure."""
    return f"{console.rstrip('/')}/gallery?{urlencode({'window': window_id})}"


def show_links(
    stack: str, window_ids: list[str], life_s: int, console: str | None, *, json: bool
) -> None:
    """Print a URL for the collage of each window.

    Raises `NotFoundError` for an unknown window, or one without a collage.
    """
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    Named(dynamodb, outputs.table_name, stack, outputs.names_case).check_windows(window_ids)
    reader = WindowReader(dynamodb, outputs.table_name)
    presigner = session.client("s3", config=PRESIGNING)
    expires_at = iso_second(datetime.now(UTC) + timedelta(seconds=life_s))
    links = []
    for window_id in window_ids:
        window = reader.find(window_id)
        if window is None or window.collage_key is None:
            status = window.status if window else "erased"
            msg = f"window {window_id} has no collage: it is {status}"
            raise NotFoundError(msg)
        url = presigner.generate_presigned_url(
            "get_object",
            Params={"Bucket": outputs.output_bucket, "Key": window.collage_key},
            ExpiresIn=life_s,
        )
        page = console_page(console, window_id) if console else None
        links.append(CollageLink(window_id=window_id, url=url, expires_at=expires_at, console=page))
    _print(links, json=json)


def _print(links: list[CollageLink], *, json: bool) -> None:
    if json:
        print_json(links)
        return
    for link in links:
        print_line(link.url)
        if link.console:
            say(f"{link.window_id} in the console: {link.console}")
    say(f"whoever has such a link can open the collage until {links[0].expires_at}")
