from __future__ import annotations

from ops_dashboard.console.account import Account
from stream_ingest.contracts.stack_outputs import parameter_name
from tests.ops_dashboard.console.running import RunningConsole


def test_a_stack_that_is_gone_is_named_before_work_starts(
    account: Account, console: RunningConsole
) -> None:
    assert (console.get("/api/ready").status, console.get("/api/ready").json) == (200, {})
    account.ssm.delete_parameter(Name=parameter_name("test"))
    answer = console.get("/api/ready")
    assert answer.status >= 400
    assert "not deployed" in answer.json["error"]
