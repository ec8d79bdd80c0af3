"""Histories of photos: uploads, deletions and deliveries in any order, with faults, and their end.

A history is data. A delivery may pause at a call while others run; one that is still paused when
its invocation's time is over is killed, as Lambda does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from msgspec.structs import replace

from rendition_lambda import manifest, names
from rendition_lambda.photo_item import Photo, PhotoStatus
from rendition_lambda.recipe import Recipe, recipe_of
from rendition_lambda.sweeping.sweep import STUCK_AFTER_S, Swept
from tests.fakes.photos.account import TIMEOUT_S, VISIBILITY_S, PhotoAccount
from tests.fakes.photos.renderer import BROKEN, expected
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.tasks import Task

KEYS = ("g/a.jpg", "g/a.png", "cat.jpg", "original-uploads/cat.jpg", "g/notes.txt")
BODIES = (b"one", b"two", BROKEN, b"")
_CRASHES = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER)
_FAILURES = (Kind.UNREACHABLE, Kind.LOST, Kind.RETRIED, Kind.THROTTLED)


@dataclass(frozen=True)
class Put:
    """An upload, announced `times` times."""

    key: str
    body: bytes
    times: int = 1


@dataclass(frozen=True)
class Delete:
    """A deletion, announced `times` times."""

    key: str
    times: int = 1


@dataclass(frozen=True)
class Deliver:
    """One invocation, for one of the visible messages."""

    which: int = 0
    faults: tuple[Fault, ...] = ()
    is_lost: bool = False
    """Whether its message never comes again if the function is killed after its claim."""


@dataclass(frozen=True)
class Resume:
    """One of the paused invocations continues."""

    which: int = 0


@dataclass(frozen=True)
class Sweep:
    """The schedule invokes the function."""

    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    seconds: int


@dataclass(frozen=True)
class ChangeRecipe:
    """A release whose recipes have fewer outputs, and a backfill of all keys."""


@dataclass(frozen=True)
class CrashAlways:
    """An upload during whose rendering the function is killed at each receipt."""

    key: str


Step = CrashAlways | Put | Delete | Deliver | Resume | Sweep | Wait | ChangeRecipe
_numbers = st.integers(0, 4)
_faults = st.one_of(
    st.builds(Fault, st.sampled_from(_CRASHES), st.integers(0, 24)),
    st.builds(Fault, st.sampled_from(_CRASHES), st.just(0), st.just("render")),
    st.builds(
        Fault,
        st.sampled_from(_CRASHES),
        st.integers(0, 4),
        st.just("s3"),
        st.sampled_from(["put_object", "delete_object"]),
    ),
    st.builds(
        Fault,
        st.sampled_from(_FAILURES),
        st.integers(0, 8),
        st.sampled_from(["s3", "dynamodb", "events"]),
    ),
    st.builds(
        Fault,
        st.sampled_from((*_CRASHES, *_FAILURES)),
        st.integers(0, 1),
        st.just("cloudfront"),
    ),
)
_deliveries = st.builds(Deliver, _numbers, st.lists(_faults, max_size=2).map(tuple), st.booleans())
_sweeps = st.builds(
    Sweep,
    st.lists(
        st.builds(Fault, st.sampled_from([*_CRASHES[:2], *_FAILURES]), st.integers(0, 9)),
        max_size=1,
    ).map(tuple),
)
_times = st.integers(1, 2)
_steps = st.one_of(
    st.builds(Put, st.sampled_from(KEYS), st.sampled_from(BODIES), _times),
    st.builds(Put, st.just(KEYS[0]), st.sampled_from(BODIES[:2]), _times),
    st.builds(Delete, st.sampled_from(KEYS[:3]), _times),
    _deliveries,
    _deliveries,
    st.builds(Resume, _numbers),
    st.builds(Wait, st.sampled_from([1, 16, 121, 721, 1_801])),
    _sweeps,
    st.builds(ChangeRecipe),
    st.builds(CrashAlways, st.sampled_from(KEYS[:3])),
)


def histories(steps: int) -> st.SearchStrategy[list[Step]]:
    """Return histories of up to so many steps, which begin with an upload."""
    first = st.builds(Put, st.sampled_from(KEYS), st.sampled_from(BODIES), _times)
    return st.tuples(first, st.lists(_steps, max_size=steps)).map(lambda each: [each[0], *each[1]])


def _fewer(key: str) -> Recipe | None:
    recipe = recipe_of(key)
    return replace(recipe, outputs=recipe.outputs[1:]) if recipe else None


@dataclass
class HistoryRun:
    """Runs one history to its end."""

    account: PhotoAccount = field(default_factory=PhotoAccount)
    _paused: list[tuple[float, Task]] = field(default_factory=list)
    """Invocations with the time at which Lambda kills them."""

    def run(self, history: list[Step]) -> None:
        """Run all steps, then deliver and sweep everything; dead letters are redriven."""
        for step in history:
            self._step(step)
            self.account.cdn.view_all()
        for _, task in self._paused:
            task.kill()
        self._paused.clear()
        self.account.drain()
        sweep_all(self.account)
        check_nothing_is_processing(self.account)
        self._redrive()

    def _step(self, step: Step) -> None:
        match step:
            case Deliver():
                self._invoke(step)
            case Resume():
                if self._paused:
                    self._continue(*self._paused.pop(step.which % len(self._paused)))
            case Sweep():
                self.account.sweep(step.faults)
            case Wait():
                self.account.clock.advance(step.seconds)
                self._kill_late()
            case _:
                self._change(step)

    def _change(self, step: CrashAlways | Put | Delete | ChangeRecipe) -> None:
        account = self.account
        match step:
            case Put():
                account.put(step.key, step.body, step.times)
            case CrashAlways():
                self._crash_always(step.key)
            case Delete():
                if account.s3.current(step.key) is not None:
                    account.delete(step.key, step.times)
            case ChangeRecipe():
                account.recipe_of = _fewer
                for key in KEYS:
                    account.request(key)

    def _crash_always(self, key: str) -> None:
        """Kill all invocations until the queue is empty; its messages are dead letters then."""
        account = self.account
        account.put(key, b"one")
        while account.queue.messages:
            if not account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="render")]):
                account.clock.advance(VISIBILITY_S + 1)
                self._kill_late()

    def _invoke(self, step: Deliver) -> None:
        task = Task(lambda: self.account.deliver(step.which, step.faults, is_lost=step.is_lost))
        self._continue(self.account.clock() + TIMEOUT_S, task)

    def _continue(self, ends_at: float, task: Task) -> None:
        task.resume()
        if not task.is_done:
            self._paused.append((ends_at, task))

    def _kill_late(self) -> None:
        now_s = self.account.clock()
        for ends_at, task in self._paused:
            if ends_at <= now_s:
                task.kill()
        self._paused = [each for each in self._paused if each[0] > now_s]

    def _redrive(self) -> None:
        letters = list(self.account.dead_letters.messages.values())
        self.account.dead_letters.messages.clear()
        for letter in letters:
            self.account.queue.send(letter.body)
        self.account.drain()


def sweep_all(account: PhotoAccount) -> None:
    """Sweep when everything that is left is overdue, and deliver what that requests."""
    account.clock.advance(STUCK_AFTER_S + 1)
    assert account.sweep().errors == ()
    account.drain()


def check_nothing_is_processing(account: PhotoAccount) -> None:
    """Check that no crash has left a photo that is processed for ever, or an end unannounced."""
    assert [each for each in account.photos() if each.status is PhotoStatus.PROCESSING] == []
    assert [each for each in account.photos() if each.outbox is not None] == []


def check_end(account: PhotoAccount) -> None:
    """Check that every photo is as its current version and its recipe make it, and nothing else."""
    wanted: dict[str, bytes] = {}
    for key in KEYS:
        wanted |= _check_photo(account, key)
    assert account.s3.outputs == wanted
    served = {key for key, _ in account.cdn.cached}
    assert served <= set(wanted), "a removed output is served for ever"
    listed = [key for photo in account.photos() for key in photo.keys]
    assert sorted(listed) == sorted(wanted)
    assert all(photo.outbox is None and photo.is_finished for photo in account.photos())


def _check_photo(account: PhotoAccount, key: str) -> dict[str, bytes]:
    """Check a photo's item; return the outputs that it should have."""
    photo, version, recipe = account.photo(key), account.s3.current(key), account.recipe_of(key)
    if version is None:
        assert photo is None or photo.status is PhotoStatus.DELETED
        return {}
    if recipe is None or not version.body:
        assert photo is None or photo.status is PhotoStatus.SKIPPED
        return {}
    assert photo is not None
    assert (photo.version, photo.recipe_version) == (version.id, recipe.version)
    announced = account.announced(key)  # a late worker may announce an earlier end once more
    if version.body == BROKEN:
        assert (photo.status, photo.reason) == (PhotoStatus.FAILED, "corrupt")
        assert ("RenditionsFailed", version.id) in announced
        return {}
    assert photo.status is PhotoStatus.ACTIVE
    assert ("RenditionsCreated", version.id) in announced
    return _outputs(photo, version.body, recipe)


def _outputs(photo: Photo, body: bytes, recipe: Recipe) -> dict[str, bytes]:
    found = {}
    for output in recipe.outputs:
        key = names.output_key(output, photo.gallery, photo.stem)
        assert photo.outputs[output.name].key == key
        found[key] = expected(body, output, recipe)
    assert len(photo.urls) == len(found)
    for key in names.stored_keys(recipe, photo.gallery, photo.stem)[len(found) :]:
        found[key] = manifest.encode(manifest.lines_of(photo))
    return found


def check_redelivery(account: PhotoAccount) -> None:
    """Check that events that come again after the end cause no write."""
    items, puts = dict(account.dynamodb.items), account.s3.puts
    for key in KEYS:
        account.request(key)
    account.drain()
    account.clock.advance(STUCK_AFTER_S + 1)
    assert account.sweep() == Swept()
    assert account.s3.puts == puts
    assert account.dynamodb.items == items
