"""``ops-dashboard download``. Edge: the composition root."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec
from botocore.config import Config

from ops_dashboard.inspect.named import Named
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPages
from ops_dashboard.outputs.collage_files import CollageFile, collage_files
from ops_dashboard.outputs.downloader import Downloader, Fetched
from ops_dashboard.printing.tables import counted
from ops_dashboard.printing.terminal import print_json, print_line
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say, sigterm_interrupts
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import PermanentError, TransientError, UserError

AT_ONCE = 8
_MEGABYTE = 1 << 20


class DownloadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the collages of a batch."""

    batch_id: str
    folder: str
    downloaded: int
    there: int
    """Collages that were in the folder already."""
    gone: list[str]
    """Keys that are not in the bucket any more."""
    without_collage: int
    """Windows that have none: those that failed, and those that have not ended."""
    bytes: int


def show_download(stack: str, batch_id: str, folder: Path | None, *, json: bool) -> None:
    """Download the collages of a batch into a folder, by default one of its name.

    Raises `NotFoundError` for an unknown batch, and `PermanentError` if collages are gone.
    """
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    Named(dynamodb, outputs.table_name, stack, outputs.names_case).check_batch(batch_id)
    every = WindowPages(dynamodb, outputs.table_name).every(WindowFilter(batch_id=batch_id))
    windows = list(every)
    files = collage_files(windows)
    into = _created(folder or Path(batch_id))
    pooled = clients.CONFIG.merge(Config(max_pool_connections=AT_ONCE))
    s3 = session.client("s3", config=pooled)
    fetched, size = fetch_all(Downloader(s3, outputs.output_bucket, into), files)
    waiting = sum(window.status not in table.ENDED for window in windows)
    if waiting:
        say(f"{counted(waiting, 'window')} of the batch are not built yet; repeat to get them")
    report = DownloadReport(
        batch_id=batch_id,
        folder=str(into),
        downloaded=list(fetched.values()).count(Fetched.DOWNLOADED),
        there=list(fetched.values()).count(Fetched.THERE),
        gone=[key for key, each in fetched.items() if each is Fetched.GONE],
        without_collage=len(windows) - len(files),
        bytes=size,
    )
    say(
        f"{report.downloaded:,} downloaded, {report.there:,} there already"
        f" ({size / _MEGABYTE:,.1f} MB)"
    )
    print_json(report) if json else print_line(str(into))
    if report.gone:
        msg = f"{counted(len(report.gone), 'collage')} no longer in the bucket: {report.gone[0]}"
        raise PermanentError(msg)


def fetch_all(downloader: Downloader, files: list[CollageFile]) -> tuple[dict[str, Fetched], int]:
    """Download files, several at once; return what became of each key, and the sum of bytes.

    If that ends early, it says how to continue.
    """
    fetched: dict[str, Fetched] = {}
    done, total = 0, sum(file.bytes or 0 for file in files)
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="collage")
    try:
        with sigterm_interrupts(), show_progress("download", "collages") as update:
            futures = {threads.submit(downloader.fetch, file): file for file in files}
            for future in as_completed(futures):
                fetched[futures[future].key], size = future.result()
                done += size
                text = (
                    f"{len(fetched):,} of {len(files):,} collages,"
                    f" {done / _MEGABYTE:,.1f} of {max(total, done) / _MEGABYTE:,.1f} MB"
                )
                update(text, len(fetched), len(files))
    except (KeyboardInterrupt, TransientError, UserError):
        say(f"{len(fetched):,} of {len(files):,} collages are there; repeat to continue")
        raise
    finally:
        threads.shutdown(cancel_futures=True)
    return fetched, done


def _created(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot create {folder}: {error.strerror or error}"
        raise UserError(msg) from error
    return folder
