"""Starts `ops-dashboard`, which is also ``python -m ops_dashboard``. Edge (signals)."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130
"""Exit code of a shell's command that Ctrl-C has ended."""


def main() -> None:
    """Run `ops-dashboard`; Ctrl-C prints no traceback, whatever is being imported."""
    try:
        from stream_ingest.cli.interrupts import end_at_interrupts  # noqa: PLC0415 - may be interrupted

        end_at_interrupts()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    gc.disable()  # until the command works: what is imported stays, and looking at it takes a sixth
    from ops_dashboard.cli import main as run  # noqa: PLC0415 - as above

    run()


if __name__ == "__main__":
    main()
