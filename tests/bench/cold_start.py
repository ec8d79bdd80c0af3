"""Imports each handler in a fresh interpreter from its unzipped bundle: seconds, and zipped MB.

The bundles are those of the local run, for this machine and Python. As on Lambda, nothing else is
on the path, and no bytecode is cached between starts.

Commands are started from this environment, with bytecode: processor seconds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import zipfile
from pathlib import Path

from ops_dashboard.packaging.bundles import BUNDLES, Platform, build_bundle
from tests.bench.measure import hand_over, say, watched
from tests.bench.results import OURS, Limit, Measure

ROUNDS = 9
_SECONDS = {
    "stream_ingest.windowing.handler": 0.6,
    "stream_ingest.windowing.sweeper.handler": 0.6,
    "collage_lambda.handler": 0.8,
}
"""Targets in seconds; the other handlers have none."""
_MEGABYTES = {"rendition": 40}
_MEGABYTES_OF_OTHERS = 25
_UNZIPPED_MEGABYTES = {"rendition": 130}
_IMPORT = """
import sys, time
sys.path[:] = [sys.argv[1]] + [path for path in sys.path if "site-packages" not in path]
began = time.perf_counter()
__import__(sys.argv[2])
print(time.perf_counter() - began)
"""
_EXPECT_CODE = """
import importlib, sys
expected, module = int(sys.argv[1]), sys.argv[2]
sys.argv[:] = [module, *sys.argv[3:]]
try:
    importlib.import_module(module + ".__main__").main()
except SystemExit as end:
    sys.exit((end.code or 0) != expected)
"""
_NO_ANSWER = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
"""A command does everything up to its first answer, three attempts included."""
_ENVIRONMENT = {"AWS_REGION": "us-east-1", "POWERTOOLS_SERVICE_NAME": "bench"}


def import_seconds(folder: Path, handler: str) -> float:
    """Return the seconds to import a handler."""
    command = [sys.executable, "-S", "-I", "-B", "-c", _IMPORT, str(folder), handler]
    return float(watched(command, environment=_ENVIRONMENT).output)


def measures(name: str, folder: Path) -> list[Measure]:
    """Build and unzip one bundle, and start each of its handlers several times.

    Sizes are of the bundle that is deployed, which is one for arm64.
    """
    bundle, deployed = build_bundle(name, Platform.LOCAL), build_bundle(name, Platform.LAMBDA).path
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(folder)
    found = [
        Measure(
            name=f"cold_start.{name}_size",
            unit="MB",
            ours=deployed.stat().st_size / 1e6,
            more_is_better=False,
            limits={OURS: Limit(most=_MEGABYTES.get(name, _MEGABYTES_OF_OTHERS))},
        )
    ]
    if name in _UNZIPPED_MEGABYTES:
        with zipfile.ZipFile(deployed) as archive:
            unzipped = sum(each.file_size for each in archive.infolist())
        found.append(
            Measure(
                name=f"cold_start.{name}_unzipped",
                unit="MB",
                ours=unzipped / 1e6,
                more_is_better=False,
                limits={OURS: Limit(most=_UNZIPPED_MEGABYTES[name])},
            )
        )
    for handler in BUNDLES[name].handlers:
        short = handler.removeprefix("stream_ingest.").replace("_lambda", "")
        seconds = [import_seconds(folder, handler) for _ in range(ROUNDS)]
        say(f"{handler}: {min(seconds):.2f} to {max(seconds):.2f} s")
        limit = _SECONDS.get(handler)
        found.append(
            Measure(
                name=f"cold_start.{short}",
                unit="s",
                ours=statistics.median(seconds),
                more_is_better=False,
                limits={OURS: Limit(most=limit)} if limit else {},
            )
        )
    return found


def command_measure(name: str, most: float, *command: str, code: int = 0) -> Measure:
    """Start a command several times; the measure is its processor time."""
    program = ("-c", _EXPECT_CODE, str(code), command[0])
    runs = [
        watched([sys.executable, *program, *command[1:]], environment=_NO_ANSWER)
        for _ in range(ROUNDS)
    ]
    seconds = [each.cpu_s for each in runs]
    say(f"{' '.join(command)}: {min(seconds):.2f} to {max(seconds):.2f} s of processor time")
    return Measure(
        name=f"cold_start.{name}",
        unit="s",
        ours=statistics.median(seconds),
        more_is_better=False,
        limits={OURS: Limit(most=most)},
    )


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as scratch:
        found = [each for name in BUNDLES for each in measures(name, Path(scratch, name))]
    found += [
        command_measure("help", 0.35, "ops_dashboard", "--help"),
        command_measure("push_help", 0.35, "stream_ingest", "push", "--help"),
        command_measure("windows", 0.5, "ops_dashboard", "windows", code=2),
    ]
    hand_over(found)


if __name__ == "__main__":
    main()
