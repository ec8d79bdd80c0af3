"""The child process that renders photos. Edge (processes, files).

Run as ``python -m rendition_lambda.render.child FD``, FD being its end of a socket pair. It answers
one `Job` at a time with an `Answer`, both MessagePack, and ends with its parent's end.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import pyvips

from imaging.process_setup import configure_malloc, forbid_new_privileges
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.messages import Answer, Job, Refusal
from rendition_lambda.render.opening import open_photo
from rendition_lambda.render.outputs import largest, write_outputs
from rendition_lambda.render.rendered import Rendered

MEMORY_BYTES = 1_400 * 1024 * 1024
"""Address space, of which libraries and stacks take 250 MB."""
_MAX_FILE_BYTES = 256 * 1024 * 1024
_CUT = (
    *("truncat", "premature", "end of file", "end of stream", "unexpected end", "unexpected eof"),
    *("bad seek", "read error at"),
)
_IMPOSSIBLE_TAG = "out of memory reading of"
"""What libtiff says of a tag with more values than there is memory."""
_UNSUPPORTED = ("unsupported", "not supported", "unimplemented", "not configured")


def render_here(job: Job) -> Rendered:
    """Render a photo in this process; raises `PhotoError` for everything that its file causes."""
    try:
        kind, picture = open_photo(
            Path(job.source), job.recipe, partial(largest, recipe=job.recipe)
        )
        outputs = write_outputs(picture, job.recipe, Path(job.folder))
    except pyvips.Error as error:
        raise _failure(error, job.source) from error
    except MemoryError as error:
        raise PhotoError(PhotoFailure.CRASHED, "out of memory") from error
    return Rendered(
        format=kind,
        width=picture.full[0],
        height=picture.full[1],
        source=picture.source,
        hdr=picture.hdr,
        taken_at=picture.taken_at,
        outputs=outputs,
    )


def _failure(error: pyvips.Error, source: str) -> PhotoError:
    """Return why libvips could not decode a file, by its message."""
    lines = str(error.detail or error).replace(source, "file").strip().splitlines()
    text = "; ".join(dict.fromkeys(lines))
    lower = text.lower()
    if "out of memory" in lower and _IMPOSSIBLE_TAG not in lower:
        return PhotoError(PhotoFailure.CRASHED, "out of memory")
    if any(each in lower for each in _CUT) or _is_cut_png(source):
        return PhotoError(PhotoFailure.TRUNCATED, text[:120])
    if any(each in lower for each in _UNSUPPORTED):
        return PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, text[:120])
    return PhotoError(PhotoFailure.CORRUPT, text[:120])


def _is_cut_png(source: str) -> bool:
    """Return whether a file is a PNG without its last chunk: libpng's message does not say so."""
    data = Path(source).read_bytes()
    return data.startswith(b"\x89PNG") and b"IEND" not in data[-64:]


def _answer(job: Job) -> Answer:
    spent_s = time.process_time()
    limit = int(spent_s + job.cpu_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        return Answer(rendered=render_here(job))
    except PhotoError as error:
        return Answer(refusal=Refusal(error.reason, error.detail))


def main() -> None:
    """Answer jobs until the parent closes its end."""
    forbid_new_privileges()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure_malloc()
    pyvips.cache_set_max(0)
    with Connection(int(sys.argv[1])) as connection, suppress(EOFError, OSError):
        while True:
            job = msgspec.msgpack.decode(connection.recv_bytes(), type=Job)
            connection.send_bytes(msgspec.msgpack.encode(_answer(job)))


if __name__ == "__main__":
    main()
