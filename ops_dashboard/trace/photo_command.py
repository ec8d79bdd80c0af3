"""``ops-dashboard trace`` of a photo. Edge (terminal)."""

from __future__ import annotations

import boto3

from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_line, print_table
from ops_dashboard.trace.fact_text import with_facts
from ops_dashboard.trace.photo_reader import PhotoStoryReader
from ops_dashboard.trace.photo_story import PhotoStory
from rendition_lambda.lifecycle import Work
from rendition_lambda.photo_item import Photo
from rendition_lambda.reference import PhotoReferences
from rendition_lambda.render.rendered import PixelSource
from stream_ingest.aws import clients
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs

_NEEDS = {
    Work.NOTHING: "nothing: it is as its current version and its recipe make it",
    Work.RENDER: "to be rendered: its current version or recipe is another one",
    Work.REFUSE: "to be refused: its file is larger than its recipe accepts",
    Work.SKIP: "to be skipped: its object is no photo",
    Work.REMOVE: "its outputs to be removed: its original is gone",
}


def show_photo(  # noqa: PLR0913 - the parts of the stack, and one parameter for each option
    session: boto3.Session,
    outputs: StackOutputs,
    photos: PhotosOutputs,
    reference: str,
    *,
    query_only: bool,
    json: bool,
) -> None:
    """Print the timeline of a photo, or only the query for its log lines."""
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    name = PhotoReferences(dynamodb, photos).resolve(reference)
    story = PhotoStoryReader(session, outputs, photos).read(name)
    if story is None:
        msg = (
            f"no photo {name!r} in stack {outputs.stack!r}: neither its table nor the bucket"
            f" {photos.uploads_bucket} has it"
        )
        raise NotFoundError(msg)
    if query_only:
        print_json({"query": story.query}) if json else print(story.query)  # noqa: T201 - lines for a pipe
    elif json:
        print_json(story)
    else:
        _print(story)


def _print(story: PhotoStory) -> None:
    facts = [("gallery", story.gallery), *_facts(story.photo), ("needs", _NEEDS[Work(story.needs)])]
    print_table(table_of(("photo", story.name), [each for each in facts if each[1]]))
    print_line("")
    for step, text in with_facts(story.steps):
        when = f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3]
        print_line(f"{when}  {step.source:6}  {step.what}{text and ' · '}{text}")
    print_line("")
    if story.objects:
        objects = [
            (
                each.what,
                "missing" if each.bytes is None else each.bytes,
                f"s3://{each.bucket}/{each.key}",
            )
            for each in story.objects
        ]
        print_table(table_of(("output", "bytes", "where"), objects))
    if story.letters:
        letters = [(each.ref, each.when, each.why) for each in story.letters]
        print_table(table_of(("dead letter", "when", "why"), letters))
    for note in story.notes:
        print_line(f"{note[:1].upper()}{note[1:]}")
    print_line(f"Query for its log lines in Logs Insights, over {', '.join(story.log_groups)}:")
    for line in story.query.splitlines():
        print_line(f"  {line}")


def _facts(photo: Photo | None) -> list[tuple[str, object]]:
    if photo is None:
        return [("status", "not in the table")]
    size = f"{photo.width} by {photo.height}" if photo.width and photo.height else ""
    is_raw = photo.source not in {None, PixelSource.IMAGE}
    kind = f"{photo.format} {size}{f', from its {photo.source}' if is_raw else ''}"
    return [
        ("status", photo.status),
        ("reason", f"{photo.reason}: {photo.detail}" if photo.detail else photo.reason),
        ("version", photo.version),
        ("recipe", f"{photo.recipe} {photo.recipe_version[:12]}" if photo.recipe else ""),
        ("original", kind.strip()),
        ("attempts", photo.attempts),
        ("being rendered by", "" if photo.is_finished else photo.owner),
        ("event", f"{photo.outbox.detail_type} is not on the bus yet" if photo.outbox else ""),
        *((name.replace("_", " "), url) for name, url in sorted(photo.urls.items())),
    ]
