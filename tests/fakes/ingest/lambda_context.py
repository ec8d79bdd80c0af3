"""What the Lambda runtime hands to a handler besides the event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaContext:
    """The attributes that powertools reads."""

    function_name: str = "coverstream-dev-windowing"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:windowing"
    aws_request_id: str = "6bc28136-xmpl-4365-b021-0ce6b2e64ab0"

    def get_remaining_time_in_millis(self) -> int:
        """Return the rest of an invocation of five minutes."""
        return 300_000
