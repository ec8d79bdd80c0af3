"""A connection that says no to servers which would weaken it, and can be cancelled. Edge (network).

A server chooses how a client logs in, and can request a file with any answer. So what it says is
checked before the password is used, and files are never sent: asyncmy refuses
``LOAD DATA LOCAL`` unless it is switched on.

asyncmy limits time by `asyncio.wait_for`, which before Python 3.12 loses a cancellation (Ctrl-C)
that comes with the data it waits for (python/cpython#86296). So its limits are switched off, and
time is limited here by `asyncio.timeout`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from asyncmy.connection import Connection
from asyncmy.constants.CR import CR_SERVER_LOST
from asyncmy.errors import OperationalError

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.tls_mode import TlsMode

_TLS_CAPABILITY, _PLUGIN_CAPABILITY = 1 << 11, 1 << 19
_FILE_REFUSED = 2_068
READ_TIMEOUT = "read timeout"
"""Text of the error of a server that sends nothing for longer than a read's time limit."""
_CLEAR = frozenset({b"mysql_clear_password", b"dialog"})
_SAFE = frozenset(
    {b"mysql_native_password", b"caching_sha2_password", b"sha256_password", b"client_ed25519"}
)


_Base: Any = Connection  # asyncmy describes only the public part of it


class CheckedConnection(_Base):  # type: ignore[misc]  # as above
    """A connection of asyncmy that uses the password only as `mode` allows it."""

    def __init__(
        self,
        mode: TlsMode,
        *,
        read_timeout_s: float | None,
        **options: Any,  # noqa: ANN401 - asyncmy's options
    ) -> None:
        """Connect with these options of asyncmy; the caller limits the time of `connect`."""
        super().__init__(**options)
        self._connect_timeout = None
        self._read_timeout_s = read_timeout_s
        self._mode = mode
        self._is_local = options.get("unix_socket") is not None
        self._has_tls = options.get("ssl") is not None

    def close(self) -> None:
        """Close the connection at once, whatever is still to be written."""
        transport: Any = self._transport
        self._transport: Any = None
        if transport is not None:
            transport.abort()  # before Python 3.11.3 not after a second close
        super().close()

    async def _fill_buffer(self, need: int) -> None:
        """Wait until `need` bytes were received, at most for the time limit of a read."""
        try:
            async with asyncio.timeout(self._read_timeout_s):
                await super()._fill_buffer(need)
        except TimeoutError as error:
            raise OperationalError(CR_SERVER_LOST, READ_TIMEOUT) from error

    @property
    def has_greeting(self) -> bool:
        """Whether the server has sent its first packet."""
        return hasattr(self, "server_version")

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if not self.server_capabilities & _PLUGIN_CAPABILITY:
            msg = (
                f"the server is too old ({self.server_version[:40]}): MySQL 5.6 or later is needed"
            )
            raise UserError(msg)
        if not self._has_tls or self.server_capabilities & _TLS_CAPABILITY:
            return
        if self._mode is not TlsMode.PREFERRED:
            msg = (
                "the server offers no TLS; if the network between is trusted,"
                " add ssl-mode=DISABLED to the URL"
            )
            raise UserError(msg)
        self._ssl_context, self._has_tls = None, False
        self._client_flag &= ~_TLS_CAPABILITY

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:  # noqa: ANN401 - asyncmy's packets
        """Log in with the method that the server chose."""
        if plugin_name in _CLEAR:
            if not self._is_local and not self._mode.verifies:
                msg = (
                    f"the server wants the password in clear text ({plugin_name.decode()}), which"
                    " is sent only with ssl-mode=VERIFY_CA or VERIFY_IDENTITY"
                )
                raise UserError(msg)
        elif plugin_name not in _SAFE:
            name = plugin_name[:40].decode("ascii", "replace")
            msg = f"the server wants to log in by {name}, which is not supported"
            raise UserError(msg)
        return await super()._process_auth(plugin_name, auth_packet)

    async def _read_query_result(self, unbuffered: bool = False) -> None:  # noqa: FBT001, FBT002 - as in asyncmy
        """Read a query's answer, unless it is a request for a file."""
        try:
            await super()._read_query_result(unbuffered)
        except RuntimeError as error:
            self.close()
            text = "the server requested a file of this machine, which it does not get"
            raise OperationalError(_FILE_REFUSED, text) from error
