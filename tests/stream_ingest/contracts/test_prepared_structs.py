"""Threads may first decode the same struct at the same moment."""

from __future__ import annotations

import importlib
import inspect
import signal
import subprocess
import sys

import pytest

from tests.paths import ROOT

WIRINGS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("stream_ingest", "collage_lambda", "rendition_lambda")
    for path in (ROOT / package).rglob("wiring.py")
    if "def from_environment" in path.read_text(encoding="utf-8")
)
PROGRAM = """
import sys, threading
import msgspec
from stream_ingest.contracts.prepared_structs import prepare_structs

structs = []
for number in range(400):
    struct = msgspec.defstruct("Inner", [("value", int)])
    for _ in range(20):
        struct = msgspec.defstruct("Outer", [("inner", struct | None, None), ("value", int, 0)])
    structs.append(struct)
if sys.argv[1] == "prepared":
    prepare_structs()
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(4)

def decode():
    for struct in structs:
        barrier.wait()
        assert msgspec.json.decode(b'{"inner": {"inner": null}}', type=struct).inner.value == 0

threads = [threading.Thread(target=decode) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def run(mode: str) -> int:
    """Return how a process ended whose threads decode each of many new structs at once."""
    command = [sys.executable, "-c", PROGRAM, mode]
    return subprocess.run(command, check=False, capture_output=True).returncode  # noqa: S603


def test_threads_first_decode_the_same_struct_at_once() -> None:
    assert run("prepared") == 0


def test_msgspec_by_itself_dies_of_that() -> None:
    """If this fails, a new version may need no help."""
    assert run("as it is") == -signal.SIGSEGV


@pytest.mark.parametrize("name", WIRINGS)
def test_each_function_prepares_its_structs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Prepared(Exception):  # noqa: N818 - it is how the test is told
        pass

    def prepare() -> None:
        raise Prepared

    wiring = importlib.import_module(name)
    monkeypatch.setattr(wiring, "prepare_structs", prepare)
    arguments = [None] * len(inspect.signature(wiring.from_environment).parameters)
    with pytest.raises(Prepared):
        wiring.from_environment(*arguments)
