"""DynamoDB's expressions cut into tokens, and the words that may not stand in them. Pure."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.faults.harness.aws.errors import NotModelledError

_TOKEN = re.compile(r"\s*(?:(?P<sign><>|<=|>=|[=<>(),])|(?P<word>[:#]?[A-Za-z_][A-Za-z0-9_]*))")
WORDS = frozenset({"AND", "OR", "NOT", "IN", "SET", "ADD", "REMOVE"})


class SyntaxRefusedError(Exception):
    """AWS would answer ValidationException with this message."""


@cache
def reserved_words() -> frozenset[str]:
    """Return the words that DynamoDB does not take as attribute names; from moto's list."""
    package = find_spec("moto")
    if package is None or package.origin is None:
        msg = "moto, whose list of reserved words is read, is not installed"
        raise NotModelledError(msg)
    listed = Path(package.origin).parent / "dynamodb" / "parsing" / "reserved_keywords.txt"
    return frozenset(listed.read_text().split())


class Tokens:
    """An expression, read from left to right; notes the placeholders that it meets."""

    def __init__(self, text: str) -> None:
        self._tokens = _split(text)
        self._at = 0
        self.placeholders: set[str] = set()

    def peek(self) -> str:
        """Return the next token, upper-case if it is a word of the language; "" at the end."""
        if self._at == len(self._tokens):
            return ""
        token = self._tokens[self._at]
        return token.upper() if token.upper() in WORDS else token

    def take(self) -> str:
        """Return the next token and advance."""
        token = self.peek()
        self._at += 1
        return token

    def took(self, token: str) -> bool:
        """Advance if this is the next token; return whether it was."""
        if self.peek() != token:
            return False
        self._at += 1
        return True

    def expect(self, token: str) -> None:
        """Advance past a token; raises if it is not the next one."""
        if not self.took(token):
            msg = f"Syntax error; expected {token!r}, found {self.peek()!r}"
            raise SyntaxRefusedError(msg)

    def name(self) -> str:
        """Return an attribute's name or its placeholder."""
        token = self.take()
        if token.startswith("#"):
            self.placeholders.add(token)
            return token
        if not token[:1].isalpha() and not token.startswith("_"):
            msg = f"Syntax error; expected an attribute, found {token!r}"
            raise SyntaxRefusedError(msg)
        if token.upper() in reserved_words() | WORDS:
            msg = f"Attribute name is a reserved keyword; reserved keyword: {token}"
            raise SyntaxRefusedError(msg)
        return token

    def value(self) -> str:
        """Return a value's placeholder."""
        token = self.take()
        if not token.startswith(":"):
            msg = f"Syntax error; expected a value, found {token!r}"
            raise SyntaxRefusedError(msg)
        self.placeholders.add(token)
        return token

    def end(self) -> None:
        """Refuse anything that is left."""
        if self.peek():
            msg = f"Syntax error; {self.peek()!r} is too much"
            raise SyntaxRefusedError(msg)


def _split(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            msg = f"expression: {text[at : at + 20]!r} in {text!r}"
            raise NotModelledError(msg)
        tokens.append(match["sign"] or match["word"])
        at = match.end()
    return tokens
