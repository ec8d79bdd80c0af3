from __future__ import annotations

import pytest

from collage_lambda.settings import CollageSettings
from stream_ingest.contracts import environment as env

COMPLETE = {env.TABLE: "t", env.BUS: "b", env.OUTPUT_BUCKET: "o", env.TEMP_BUCKET: "x"}


def test_only_names_have_to_be_given() -> None:
    settings = CollageSettings.from_env(COMPLETE)
    assert settings.allowed_sources == settings.allowed_ports == frozenset()
    assert settings.copies_by_creator
    assert settings.keep_originals
    assert (settings.downloads, settings.downloads_per_host) == (64, 40)
    assert settings.url_life_s == 3_600


def test_everything_can_be_chosen() -> None:
    settings = CollageSettings.from_env(
        COMPLETE
        | {
            env.ALLOWED_SOURCES: "127.0.0.1:8000,localhost:8000",
            env.ALLOWED_PORTS: "80, 443",
            env.REFUSED_IMAGES: f"{'ab' * 32}, {'CD' * 32}",
            env.BY_CREATOR_COPY: "off",
            env.KEEP_ORIGINALS: "off",
            env.DOWNLOADS: "8",
            env.DOWNLOADS_PER_HOST: "2",
            env.COLLAGE_URL_LIFE_S: "0",
        }
    )
    assert settings.allowed_sources == {("127.0.0.1", 8000), ("localhost", 8000)}
    assert settings.allowed_ports == {80, 443}
    assert settings.refused_images == {"ab" * 32, "cd" * 32}
    assert not settings.copies_by_creator
    assert not settings.keep_originals
    assert (settings.downloads, settings.downloads_per_host) == (8, 2)
    assert settings.url_life_s == 0


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(env.SettingsError) as caught:
        CollageSettings.from_env(
            {
                env.ALLOWED_SOURCES: "http://a",
                env.ALLOWED_PORTS: "443, 0",
                env.REFUSED_IMAGES: "abc",
                env.KEEP_ORIGINALS: "maybe",
                env.DOWNLOADS: "0",
            }
        )
    for name in (
        *COMPLETE,
        env.ALLOWED_SOURCES,
        env.ALLOWED_PORTS,
        env.REFUSED_IMAGES,
        env.KEEP_ORIGINALS,
        env.DOWNLOADS,
    ):
        assert name in str(caught.value)
