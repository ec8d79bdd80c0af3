"""KMS with one key for HMACs, in memory."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from tests.faults.harness.aws.errors import Wire, client_error, known

KEY = "arn:aws:kms:us-east-1:123456789012:key/links"


class FakeKms:
    """A low-level client; `verified` counts the MACs that it was asked about."""

    def __init__(self, secret: bytes = b"secret") -> None:
        self._secret = secret
        self.verified = 0

    def generate_mac(self, **request: Wire) -> dict[str, Any]:
        """Return the MAC of a message."""
        known(request, "KeyId", "MacAlgorithm", "Message")
        assert (request["KeyId"], request["MacAlgorithm"]) == (KEY, "HMAC_SHA_256")
        return {"Mac": hmac.digest(self._secret, request["Message"], hashlib.sha256)}

    def verify_mac(self, **request: Wire) -> dict[str, Any]:
        """Raise the error of KMS if the MAC is not the message's."""
        known(request, "KeyId", "MacAlgorithm", "Message", "Mac")
        self.verified += 1
        mac = hmac.digest(self._secret, request["Message"], hashlib.sha256)
        if not hmac.compare_digest(mac, request["Mac"]):
            code = "KMSInvalidMacException"
            raise client_error(code, "VerifyMac")
        return {"MacValid": True}
