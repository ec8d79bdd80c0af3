from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.smoke.diagnosis import error_in
from ops_dashboard.smoke.steps import (
    StepFailedError,
    advice,
    attempt,
    end_text,
    one_line,
    status_text,
)
from stream_ingest.contracts.errors import TransientError, UserError

DOCTOR = ("ops-dashboard doctor --stack dev",)


def window(**values: Any) -> WindowRecord:  # noqa: ANN401 - any field
    known = {"window_id": "s:000001", "creator": "s", "batch_id": "s", "closed_at": "2026-11-06"}
    return WindowRecord(**{**known, "status": "queued", "image_count": 3, **values})


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutObject")


def raising(error: Exception) -> Any:  # noqa: ANN401 - an action
    def action() -> str:
        raise error

    return action


def test_a_step_that_passes_says_what_it_found() -> None:
    result = attempt("covers", lambda: "5 stored", "dev")
    assert (result.step, result.ok, result.found, result.next) == ("covers", True, "5 stored", ())


@pytest.mark.parametrize(
    ("error", "expected", "found", "further"),
    [
        (StepFailedError("a", "b", ["c"]), "a", "b", ("c",)),
        (TransientError("put: slow\n down"), None, "put: slow down", DOCTOR),
        (
            client_error("NoSuchBucket"),
            None,
            "An error occurred (NoSuchBucket) when calling the PutObject operation: no",
            DOCTOR,
        ),
    ],
    ids=["step", "transient", "aws"],
)
def test_a_known_error_fails_the_step(
    error: Exception, expected: str | None, found: str, further: tuple[str, ...]
) -> None:
    result = attempt("push", raising(error), "dev")
    assert (result.ok, result.expected, result.found, result.next) == (
        False,
        expected,
        found,
        further,
    )


@pytest.mark.parametrize("error", [UserError("too long"), client_error("AccessDenied")])
def test_what_cannot_be_run_from_here_says_nothing_about_the_stack(error: Exception) -> None:
    with pytest.raises(UserError):
        attempt("covers", raising(error), "dev")


def test_a_bug_is_no_result() -> None:
    with pytest.raises(ZeroDivisionError):
        attempt("covers", lambda: str(1 / 0), "dev")


@pytest.mark.parametrize(
    ("status", "attempts", "text"),
    [
        ("ready", 0, "window s:000001 is closed, but the bus has not taken its event"),
        ("queued", 0, "window s:000001 is on the bus, but the collage function has not taken it"),
        ("processing", 1, "window s:000001 is being built"),
        ("processing", 2, "window s:000001 is being built, attempt 2"),
        ("unreadable", 0, "window s:000001 is unreadable"),
    ],
)
def test_a_window_that_has_not_ended_says_for_whom_it_waits(
    status: str, attempts: int, text: str
) -> None:
    assert status_text(window(status=status, attempts=attempts)) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"status": "completed"}, "window s:000001 is completed"),
        (
            {"status": "partial", "failures": {"forbidden": 2, "timeout": 1}},
            "window s:000001 is partial (2 forbidden, 1 timeout)",
        ),
        (
            {"status": "failed", "error": "no image", "failures": {"forbidden": 3}},
            "window s:000001 is failed (no image; 3 forbidden)",
        ),
        (
            {"status": "completed", "kept_because": "worse"},
            "window s:000001 is completed (worse)",
        ),
    ],
)
def test_a_window_that_ended_says_why(values: dict[str, Any], text: str) -> None:
    assert end_text(window(**values)) == text


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("blocked_address", "add it to the setting allowedSources"),
        ("connection", "cannot connect to s3.test:443"),
        ("timeout", "does not reach s3.test:443"),
        ("forbidden", "S3 refuses the signed links"),
        ("not_found", "have gone from the temp bucket"),
    ],
)
def test_a_cover_that_could_not_be_downloaded_says_what_to_check(reason: str, words: str) -> None:
    (text,) = advice({reason: 3}, "s3.test:443")
    assert words in text


def test_other_reasons_have_no_advice() -> None:
    assert advice({"corrupt": 1}, "s3.test:443") == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"level": "INFO", "message": "folded"}', None),
        ("START RequestId: 1", None),
        ("3", None),
        ('{"level": "ERROR", "message": "cannot write"}', "cannot write"),
        (
            '{"level": "ERROR", "message": "stopped", "exception": "Traceback\\nboto: Denied"}',
            "stopped: boto: Denied",
        ),
        (
            '{"level": "CRITICAL", "message": "stopped", "exception_name": "KeyError"}',
            "stopped: KeyError",
        ),
        ('{"errorType": "ImportError", "errorMessage": "no orjson"}', "ImportError: no orjson"),
        ("[ERROR] Runtime.ExitError: no\n way", "[ERROR] Runtime.ExitError: no way"),
        ("3f Task timed out after 60.00 seconds", "3f Task timed out after 60.00 seconds"),
    ],
    ids=str,
)
def test_errors_in_a_functions_log_are_recognised(line: str, error: str | None) -> None:
    assert error_in(line) == error


def test_a_long_error_is_cut() -> None:
    assert len(one_line("x" * 1_000)) == 400
