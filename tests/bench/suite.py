"""How long ``make test`` takes, from warm caches: seconds."""

from __future__ import annotations

import shutil

from tests.bench.measure import ROOT, hand_over, say, watched
from tests.bench.results import OURS, Limit, Measure


def main() -> None:
    """Measure."""
    nothing = shutil.which("true")  # in place of uv, which would remove the peers
    command = ["make", "--no-print-directory", "test", f"UV={nothing}"]
    done = watched(command, cwd=ROOT, environment={"MAKEFLAGS": "", "MFLAGS": ""})
    last = done.output.decode(errors="replace").strip().splitlines()[-1]
    say(last)
    hand_over(
        [
            Measure(
                name="suite",
                unit="s",
                ours=done.seconds,
                more_is_better=False,
                limits={OURS: Limit(most=480)},
                note=last.strip("= "),
            )
        ]
    )


if __name__ == "__main__":
    main()
