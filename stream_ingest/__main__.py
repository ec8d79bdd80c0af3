"""Starts `stream-ingest`, which is also ``python -m stream_ingest``. Edge (signals)."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130
"""Exit code of a shell's command that Ctrl-C has ended."""


def main() -> None:
    """Run `stream-ingest`; Ctrl-C prints no traceback, whatever is being imported."""
    try:
        from stream_ingest.cli.interrupts import end_at_interrupts  # noqa: PLC0415 - may be interrupted

        end_at_interrupts()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    gc.disable()  # until the command works: what is imported stays, and looking at it takes a sixth
    from stream_ingest.cli.main import main as run  # noqa: PLC0415 - as above

    run()


if __name__ == "__main__":
    main()
