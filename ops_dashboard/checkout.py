"""The checkout that this code runs from, if it runs from one. Edge (disk)."""

from __future__ import annotations

from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

from stream_ingest.contracts.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
"""Root of the repository: where pyproject.toml, uv.lock and pulumi/ are."""
_ONLY_IN_CHECKOUT = "pulumi/__main__.py"
_ONLY_AFTER_SETUP = "pulumi_aws"


def require_checkout(command: str, root: Path = ROOT) -> None:
    """Raise `UserError` unless `command` can run from here.

    The embedded AWS and the demo deploy the Pulumi program and build the Lambda bundles from the
    lock file; a wheel has neither.
    """
    if not (root / _ONLY_IN_CHECKOUT).is_file():
        url = repository_url()
        folder = url.rpartition("/")[2]
        msg = (
            f"{command} needs a checkout:"
            f" git clone {url} && cd {folder} && make setup && .venv/bin/ops-dashboard {command}"
        )
        raise UserError(msg)
    if find_spec(_ONLY_AFTER_SETUP) is None:
        msg = f"{command} needs the development dependencies: run make setup in {root}"
        raise UserError(msg)


def repository_url() -> str:
    """Return the project's repository, as pyproject.toml names it."""
    links: list[str] = metadata("coverstream").get_all("Project-URL") or []
    return dict(link.split(", ", 1) for link in links)["Repository"]
