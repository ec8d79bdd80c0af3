"""ARNs of a stack's resources, and the commands of each kind. Pure."""

from __future__ import annotations

from stream_ingest.contracts.stack_outputs import parameter_name

HERE = "{region}:{account}"
TABLE = f"arn:aws:dynamodb:{HERE}:table/{{prefix}}-state"
INDEXES = f"{TABLE}/index/*"
PHOTOS = f"arn:aws:dynamodb:{HERE}:table/{{prefix}}-photos"
STREAM = f"arn:aws:kinesis:{HERE}:stream/{{prefix}}-rows"
INPUT, OUTPUT, TEMP, UPLOADS, RENDITIONS = (
    f"arn:aws:s3:::{{prefix}}-{purpose}-{{account}}-{{region}}"
    for purpose in ("input", "output", "temp", "uploads", "renditions")
)
QUEUES = f"arn:aws:sqs:{HERE}:{{prefix}}-"
KEYS = f"arn:aws:kms:{HERE}:key/*"
DEAD_LETTERS = f"{QUEUES}*-dead-letters"
DIRECTORY = f"arn:aws:ssm:{HERE}:parameter{parameter_name('{stack}')}"


PUSHING = ("push", "follow")
LISTING = ("dlq list", "dlq show", "dlq drop", "dlq redrive")
REDRIVING = ("dlq redrive", "dlq drop")
CHECKING = ("doctor", "smoke")
READING = (
    *("status", "batches", "creators", "windows", "failures", "download", "link", "trace"),
    *(*REDRIVING, "replay", "retry"),
    *("erase", "repair", "restore", "doctor", "smoke"),
)

PHOTOGRAPHING = (
    *("photos put", "photos backfill", "photos render", "photos retry", "photos list"),
    "photos manifest",
)
LINKING = ("photos link", "photos link list", "photos link revoke")
SERVING = ("serve",)
FETCHING = (
    "status",
    "failures",
    "download",
    "link",
    "trace",
    *LISTING,
    "retry",
    "erase",
    "restore",
    "smoke",
    *SERVING,
)
ANY = (
    *PUSHING,
    "abandon",
    "submit",
    "dlq list",
    "dlq show",
    *READING,
    *PHOTOGRAPHING,
    *LINKING,
    *SERVING,
)
