"""Which sampled frames are searched whole, and the threads that search them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Event

from forensic_cli.faces.changes import changed_cells
from forensic_cli.faces.detector import FaceDetector
from forensic_cli.faces.follow import Follower, Sample
from forensic_cli.faces.motion import moved_with_camera
from forensic_cli.faces.searchers import searchers
from forensic_cli.faces.sketch import Sketch, sketch_of
from forensic_cli.types import Face, Frame

_Faces = list[Face]
# The frames of a stretch, and the faces of each, when they are found.
_Resolving = tuple[deque[Frame], Future[list[_Faces]]]

# Every so many samples, the whole frame is searched.
WHOLE_EVERY = 12
# Two such stretches are held. Where frames are so large that this would take more memory, the
# stretches are shorter; full HD takes 150 MB.
_HELD_BYTES = 256 * 2**20
# Where this share of a picture is new since the last one that was planned to be searched whole, there
# is nothing to follow.
_NEW_PICTURE_SHARE = 0.75
# While searches go on, the caller hears of it this often.
_PROGRESS_INTERVAL_S = 1.0


def follow_stream(
    frames: Iterable[Frame],
    detector: FaceDetector,
    n_threads: int,
    on_progress: Callable[[], None] = lambda: None,
    whole_every: int = WHOLE_EVERY,
) -> Generator[tuple[Frame, _Faces], None, None]:
    """Finds the faces of every frame; the first, the last and every twelfth are searched whole.

    Which frames are searched whole, and what is found, depends on the frames alone and not on the
    threads. At most `2 * whole_every` frames are held, fewer where they are large.

    Args:
        frames: upright frames; drawn in the caller's thread.
        detector: for whole frames and for parts of them.
        on_progress: called in the caller's thread, about every second in which it waits and a search
            has ended: a stretch of large frames takes minutes on a slow machine.
        whole_every: at most so many samples from one search of the whole frame to the next.

    Returns:
        The frames in their order, each with its faces by falling confidence.
    """
    pool = searchers(n_threads)
    # It waits for the others' searches and searches nothing itself, so that none can wait for itself.
    follower_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="face-follower")
    has_searched = Event()

    def search(task: Callable[[], _Faces]) -> Future[_Faces]:
        future = pool.submit(task)
        future.add_done_callback(lambda _: has_searched.set())
        return future

    follower = Follower(detector, search)
    closed: deque[_Resolving] = deque()
    stretch: list[Sample] = []
    # What is being found in the samples of the stretch, in the order in which they came.
    followed: list[Future[_Faces]] = []
    last_planned: Sketch | None = None

    def follow_last(is_whole: bool) -> None:
        sample = stretch[-1]
        if is_whole:
            sample.whole = search(partial(detector.detect, sample.frame.image))
        followed.append(follower_thread.submit(follower.follow, sample))

    def close() -> None:
        nonlocal stretch, followed
        resolving = follower_thread.submit(_resolve, follower, stretch, followed)
        closed.append((deque(sample.frame for sample in stretch), resolving))
        stretch, followed = [], []

    def results(
        held: deque[Frame], resolving: Future[list[_Faces]]
    ) -> Generator[tuple[Frame, _Faces], None, None]:
        while not wait([resolving], timeout=_PROGRESS_INTERVAL_S).done:
            if has_searched.is_set():
                has_searched.clear()
                on_progress()
        for faces in resolving.result():
            yield held.popleft(), faces

    try:
        for frame in frames:
            height, width = frame.image.shape[:2]
            sample = Sample(frame, sketch_of(frame.image, detector.smallest_face_px(width, height)))
            n_samples = samples_a_stretch(frame.image.nbytes, whole_every)
            if stretch:
                # Only now is it known that it was not the last one of all.
                follow_last(is_whole=False)
            stretch.append(sample)
            if len(stretch) >= n_samples or last_planned is None or _is_new(last_planned, sample.sketch):
                last_planned = sample.sketch
                follow_last(is_whole=True)
                close()
            del frame, sample  # the generator rests here between frames: it must not keep one alive
            # What is found goes on at once: the model waits for it.
            while closed and (
                closed[0][1].done() or len(stretch) + sum(len(held) for held, _ in closed) >= 2 * n_samples
            ):
                yield from results(*closed.popleft())
        if stretch:
            follow_last(is_whole=True)
            close()
        while closed:
            yield from results(*closed.popleft())
    finally:
        # Searches that wait are dropped; those in dlib's hands cannot be stopped and are waited for.
        pool.shutdown(wait=False, cancel_futures=True)
        follower_thread.shutdown(wait=True, cancel_futures=True)
        pool.shutdown(wait=True)


def _resolve(
    follower: Follower, stretch: Sequence[Sample], followed: Sequence[Future[_Faces]]
) -> list[_Faces]:
    """In the follower's thread, in which the samples have been followed by now."""
    return follower.go_back(stretch, [faces.result() for faces in followed])


def samples_a_stretch(frame_bytes: int, whole_every: int = WHOLE_EVERY) -> int:
    """Samples from one search of the whole frame to the next, so that two stretches fit in memory."""
    return max(1, min(whole_every, _HELD_BYTES // (2 * frame_bytes)))


def _is_new(before: Sketch, now: Sketch) -> bool:
    changed = changed_cells(before, now)
    if float(changed.mean()) < _NEW_PICTURE_SHARE:
        return False
    moved = moved_with_camera(before, now, changed)
    return float((changed & ~moved).mean()) >= _NEW_PICTURE_SHARE
