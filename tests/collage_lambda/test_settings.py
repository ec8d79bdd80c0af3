from __future__ import annotations

import pytest

from collage_lambda.settings import CollageSettings
from stream_ingest.contracts import environment as env
from tests.fakes.lambda_variables import lambda_variables

READ = (
    *(env.TABLE, env.BUS, env.OUTPUT_BUCKET, env.TEMP_BUCKET, env.MEMORY_MB),
    *(env.ALLOWED_SOURCES, env.ALLOWED_PORTS, env.REFUSED_IMAGES),
    *(env.CONTENT_DEDUP, env.DEDUP_HORIZON_DAYS),
    *(env.KEEP_ORIGINALS, env.BY_CREATOR_COPY, env.DOWNLOADS_AT_ONCE),
    *(env.DOWNLOADS_PER_HOST, env.DOWNLOAD_TIMEOUT_S, env.DOWNLOAD_TRIES),
    *(env.DOWNLOAD_USER_AGENT, env.MIN_SIDE_PX, env.SIMD_SCALING),
    *(env.COLLAGE_URL_LIFE_S, env.PREFETCH_EXPIRE_DAYS),
)


def test_lists_may_be_empty() -> None:
    settings = CollageSettings.from_env(lambda_variables())
    assert settings.allowed_sources == settings.allowed_ports == frozenset()
    assert settings.refused_images == frozenset()
    assert settings.copies_by_creator
    assert settings.keep_originals
    assert settings.simd_scaling
    assert (settings.downloads_at_once, settings.downloads_per_host) == (64, 40)
    assert settings.url_life_s == 3_600


def test_every_variable_is_read() -> None:
    settings = CollageSettings.from_env(
        lambda_variables(
            ALLOWED_SOURCES="127.0.0.1:8000,localhost:8000",
            ALLOWED_PORTS="80, 443",
            REFUSED_IMAGES=f"{'ab' * 32}, {'CD' * 32}",
            BY_CREATOR_COPY="off",
            KEEP_ORIGINALS="off",
            DOWNLOADS_AT_ONCE="8",
            DOWNLOADS_PER_HOST="2",
            DOWNLOAD_TIMEOUT_S="30",
            DOWNLOAD_TRIES="1",
            DOWNLOAD_USER_AGENT="covers/1.0",
            MIN_SIDE_PX="100",
            SIMD_SCALING="off",
            COLLAGE_URL_LIFE_S="0",
        )
    )
    assert settings.allowed_sources == {("127.0.0.1", 8000), ("localhost", 8000)}
    assert settings.allowed_ports == {80, 443}
    assert settings.refused_images == {"ab" * 32, "cd" * 32}
    assert not settings.copies_by_creator
    assert not settings.keep_originals
    assert (settings.downloads_at_once, settings.downloads_per_host) == (8, 2)
    assert (settings.download_timeout_s, settings.download_tries) == (30, 1)
    assert (settings.user_agent, settings.min_side_px) == ("covers/1.0", 100)
    assert not settings.simd_scaling
    assert settings.url_life_s == 0


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(env.SettingsError) as caught:
        CollageSettings.from_env(
            {
                env.ALLOWED_SOURCES: "http://a",
                env.ALLOWED_PORTS: "443, 0",
                env.REFUSED_IMAGES: "abc",
                env.KEEP_ORIGINALS: "maybe",
                env.DOWNLOADS_AT_ONCE: "0",
            }
        )
    for name in READ:
        assert name in str(caught.value)
