"""A complete set of the variables that the Lambdas read."""

from __future__ import annotations

from stream_ingest.contracts import environment as env


def lambda_variables(
    *, table: str = "t", bus: str = "b", output: str = "o", temp: str = "x", **others: str
) -> dict[str, str]:
    """Return every variable of every Lambda; `others` are by the constants' names in `env`."""
    return {
        env.ACCOUNT: "123456789012",
        env.TABLE: table,
        env.BUS: bus,
        env.STREAM: "rows",
        env.QUEUE: "https://queue/collages",
        env.INTAKE_QUEUE: "https://queue/intake",
        env.INTAKE_DEAD_LETTERS: "https://queue/intake-dead-letters",
        env.INPUT_BUCKET: "input",
        env.ALLOWED_INPUT_BUCKETS: "",
        env.BATCH_DEFAULTS: "{}",
        env.CREATOR_CASE: "keep",
        env.OUTPUT_BUCKET: output,
        env.TEMP_BUCKET: temp,
        env.ALLOWED_SOURCES: "",
        env.ALLOWED_PORTS: "",
        env.REFUSED_IMAGES: "",
        env.PARTIAL_RESPONSES: "trusted",
        env.DEDUP_HORIZON_DAYS: "90",
        env.MAX_RECEIVES: "3",
        env.DELIVERY_S: "22321",
        env.PREFETCH_COVERS: "off",
        env.PREFETCH_EXPIRE_DAYS: "60",
        env.CONTENT_DEDUP: "off",
        env.KEY_TEMPLATE: "{date}/{creator}_{kind}_{window}",
        env.BY_CREATOR_COPY: "on",
        env.KEEP_ORIGINALS: "on",
        env.DOWNLOADS_AT_ONCE: "64",
        env.DOWNLOADS_PER_HOST: "40",
        env.DOWNLOAD_TIMEOUT_S: "15",
        env.DOWNLOAD_TRIES: "3",
        env.DOWNLOAD_USER_AGENT: "tests",
        env.MIN_SIDE_PX: "50",
        env.SIMD_SCALING: "on",
        env.PHOTOS_TABLE: "photos",
        env.UPLOADS_BUCKET: "uploads",
        env.RENDITIONS_BUCKET: "renditions",
        env.PHOTOS_OTHER_BUCKETS: "",
        env.PHOTOS_DOMAIN: "",
        env.PHOTOS_DISTRIBUTION: "",
        env.BACKFILL_QUEUE: "https://queue/photos-backfill",
        env.LINK_KEY: "arn:aws:kms:eu-central-1:123456789012:key/links",
        env.MEMORY_MB: "10240",
        env.COLLAGE_URL_LIFE_S: "3600",
    } | {getattr(env, name): value for name, value in others.items()}
