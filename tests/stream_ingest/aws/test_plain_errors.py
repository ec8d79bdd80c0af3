from __future__ import annotations

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    LoginRefreshRequired,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from stream_ingest.aws import clients
from stream_ingest.aws.plain_errors import plain_error

URL = "http://127.0.0.1:1"


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetParameter")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (SSOTokenLoadError(error_msg="gone"), "`aws sso login --profile work`"),
        (UnauthorizedSSOTokenError(), "`aws sso login --profile work`"),
        (TokenRetrievalError(provider="sso", error_msg="x"), "`aws sso login --profile work`"),
        (LoginRefreshRequired(), "`aws login --profile work`"),
        (refusal("ExpiredToken"), "`aws sso login --profile work`"),
        (refusal("ExpiredTokenException"), "`aws sso login --profile work`"),
        (EndpointConnectionError(endpoint_url=URL), "no answer from AWS: Could not connect"),
        (ConnectTimeoutError(endpoint_url=URL), "no answer from AWS: "),
    ],
)
def test_an_error_says_what_to_do(
    error: BotoCoreError | ClientError, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    text = str(plain_error(error))
    assert advice in text
    assert "\n" not in text


def test_without_a_profile_no_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert "run `aws sso login`" in str(plain_error(SSOTokenLoadError(error_msg="gone")))


def test_a_pattern_of_aws_reaches_nobody() -> None:
    message = (
        "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint:"
        " Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
    )
    text = str(plain_error(refusal("ValidationException", message)))
    assert "Value 'a b' at 'name'" in text
    assert "regular expression" not in text
    assert "[a-zA-Z" not in text


def test_the_first_request_of_a_command_gives_up_after_three_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = clients.parameters(clients.session()).meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert 3 * config.connect_timeout < 5
