from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard import checkout
from ops_dashboard.checkout import require_checkout
from stream_ingest.contracts.errors import UserError


def test_a_checkout_with_the_development_dependencies_is_enough() -> None:
    require_checkout("demo")


def test_without_a_checkout_the_error_has_the_commands_that_get_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^demo needs a checkout: git clone https://\S+ && cd "):
        require_checkout("demo", tmp_path)


def test_a_checkout_that_is_not_set_up_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "find_spec", lambda _name: None)
    with pytest.raises(UserError, match="local up needs the development dependencies: run make"):
        require_checkout("local up")
