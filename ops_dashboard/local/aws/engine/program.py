"""Runs the Pulumi program as Pulumi's language host does. Edge (event loop, environment)."""

from __future__ import annotations

import asyncio
import contextvars
import os
import runpy
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pulumi
from ops_dashboard.checkout import ROOT
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.records import Records, SsmRecords
from ops_dashboard.local.aws.engine.resources import Change, Engine
from stream_ingest.contracts.stack_outputs import PROJECT

PROGRAM = ROOT / "pulumi"
_THREADS = 8
"""Number of resources that are created concurrently."""


def run_program(
    clients: Clients,
    stack: str,
    config: Mapping[str, str],
    program: Path = PROGRAM,
    records: Records | None = None,
) -> list[Change]:
    """Create or update every resource of the program in the folder `program`; return the changes.

    `config` is Pulumi's configuration, all values strings (``coverstream:streamShards``). Blocks,
    and must not be called from a running event loop. The same program and configuration a second
    time change nothing. Raises what the program raises, and `EngineError` for a resource that the
    embedded AWS rejects, or a change that the engine does not support.
    """
    engine = Engine(clients, records or SsmRecords(clients, stack))
    run_with(engine, stack, config, program)
    engine.check_nothing_left()
    return engine.changes


def run_with(
    mocks: pulumi.runtime.Mocks, stack: str, config: Mapping[str, str], program: Path = PROGRAM
) -> None:
    """Run the program with `mocks` as Pulumi's engine; otherwise like `run_program`."""
    # In a separate context: Pulumi stores settings, configuration and stack in context variables.
    contextvars.Context().run(_run, mocks, stack, dict(config), program)


def _run(mocks: pulumi.runtime.Mocks, stack: str, config: dict[str, str], program: Path) -> None:
    with _strict_outputs(), _quiet_sdk(), _event_loop() as loop:
        # Outputs of an earlier failed run belong to a loop that is closed.
        pulumi.runtime.settings.SETTINGS.outputs.clear()
        pulumi.runtime.set_mocks(mocks, PROJECT, stack, preview=False)
        pulumi.runtime.set_all_config(config)
        # set_mocks has opened the stack; `run_in_stack` would open a second one.
        loop.run_until_complete(pulumi.runtime.stack.run_pulumi_func(lambda: _run_main(program)))


def _run_main(program: Path) -> None:
    """Run a folder's ``__main__.py`` with the folder first on the path."""
    runpy.run_path(str(program), run_name="__main__")


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Provide the loop of Pulumi's tasks, which must be set before the first resource.

    Pulumi also needs a loop in each of its worker threads, and never closes those it creates.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A failure fails every output that depends on it. The first is raised, so the others are noise.
    loop.set_exception_handler(lambda _, __: None)
    others: list[asyncio.AbstractEventLoop] = []

    def set_loop() -> None:
        others.append(asyncio.new_event_loop())
        asyncio.set_event_loop(others[-1])

    loop.set_default_executor(ThreadPoolExecutor(_THREADS, "engine", initializer=set_loop))
    try:
        yield loop
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        for each in (*others, loop):
            each.close()


@contextmanager
def _quiet_sdk() -> Iterator[None]:
    """Ignore the deprecation warnings that importing pulumi-aws raises about its own classes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"pulumi_aws\.")
        yield


@contextmanager
def _strict_outputs() -> Iterator[None]:
    """Make formatting an unresolved output into a string an error (docs/facts.md#pulumi)."""
    name = "PULUMI_ERROR_OUTPUT_STRING"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
