"""The key of a stack's upload links. Edge (KMS).

The key never leaves KMS. Who issues links may make MACs, and the function may verify them only: it
cannot issue a link, whatever is sent to it. KMS compares in constant time.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from rendition_lambda.links.terms import NoLinkError, Terms, read_link
from stream_ingest.aws.errors import error_code, map_errors

ALGORITHM = "HMAC_SHA_256"
_WRONG = frozenset({"KMSInvalidMacException", "ValidationException"})


class LinkKey:
    """Makes and verifies the MACs of links."""

    def __init__(self, kms: Any, key: str) -> None:  # noqa: ANN401 - a low-level client, of which there are no stubs
        """Use a key by its ARN or id."""
        self._kms, self._key = kms, key

    def mac(self, terms: Terms) -> bytes:
        """Return the MAC of terms."""
        with map_errors("sign the link"):
            answer = self._kms.generate_mac(
                KeyId=self._key, MacAlgorithm=ALGORITHM, Message=terms.message
            )
        mac: bytes = answer["Mac"]
        return mac

    def read(self, text: str) -> Terms:
        """Return the terms of a link; raises `NoLinkError` if this stack did not issue it."""
        terms, mac = read_link(text)
        try:
            with map_errors("verify a link"):
                self._kms.verify_mac(
                    KeyId=self._key, MacAlgorithm=ALGORITHM, Message=terms.message, Mac=mac
                )
        except ClientError as error:
            if error_code(error) in _WRONG:
                raise NoLinkError from error
            raise
        return terms
