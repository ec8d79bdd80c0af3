"""Which servers a function can reach, for `ops-dashboard doctor`. Edge (HTTP).

Requests go through a session like that of covers, which refuses the same addresses, but a new one:
a connection that is still open would hide a server that cannot be reached any more. A redirect is
not followed, no body is read, and nothing is stored.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import msgspec

from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import no_connection
from collage_lambda.download.resolver import Lookup
from collage_lambda.download.session import open_session
from collage_lambda.download.urls import parse_target
from collage_lambda.reasons import Failure
from stream_ingest.contracts.network_probe import INTERNET, NetworkProbe, ProbeAnswer, Reached

TIMEOUT_S = 8
"""For each server; they are tried at once."""
_HTTPS = 443


def answer_probe(settings: DownloadSettings, lookup: Lookup, probe: NetworkProbe) -> dict[str, Any]:
    """Return the `ProbeAnswer` of this process, as JSON."""
    answer: dict[str, Any] = msgspec.to_builtins(asyncio.run(_reach(settings, lookup, probe)))
    return answer


async def _reach(settings: DownloadSettings, lookup: Lookup, probe: NetworkProbe) -> ProbeAnswer:
    sources = sorted(settings.allowed)
    internet = [(host, _HTTPS) for host in INTERNET if probe.internet]
    async with open_session(
        lookup, settings.allowed, settings.limits, settings.user_agent
    ) as session:
        tried = (_try(session, settings, *each) for each in (*sources, *internet))
        reached = await asyncio.gather(*tried)
    return ProbeAnswer(
        sources=tuple(reached[: len(sources)]), internet=tuple(reached[len(sources) :])
    )


async def _try(
    session: aiohttp.ClientSession, settings: DownloadSettings, host: str, port: int
) -> Reached:
    """Return whether a server answers; any answer is one, since no cover is at its root."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    scheme = "https" if port == _HTTPS else "http"
    target = parse_target(f"{scheme}://{address}/", settings.allowed, settings.ports)
    if isinstance(target, Failure):
        return _unreachable(address, target.detail)
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            session.get(target, allow_redirects=False) as response,
        ):
            return Reached(host=address, is_reachable=True, detail=f"HTTP {response.status}")
    except TimeoutError:  # aiohttp's own are ClientErrors too
        return _unreachable(address, f"no answer in {TIMEOUT_S} s")
    except aiohttp.ClientConnectorError as error:
        return _unreachable(address, no_connection(error).detail)
    except aiohttp.ClientResponseError:
        return Reached(host=address, is_reachable=True, detail="answers, but not as HTTP should")
    except (aiohttp.ClientError, OSError) as error:
        return _unreachable(address, type(error).__name__)


def _unreachable(address: str, detail: str) -> Reached:
    return Reached(host=address, is_reachable=False, detail=detail)
