"""Decoding the sampled frames and, as far as the stream allows, nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

import numpy as np
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from forensic_cli.media.damage import DamageTrail, DecodingTally
from forensic_cli.media.feeding import PacketFeeder, Step, coded_position
from forensic_cli.media.packets import PacketIndex

# Decoders hand frames out in display order. This many are held back for a file whose timestamps
# contradict that order, before an absent frame is given up.
_MAX_HELD = 4

Ranks = NDArray[np.int64]


class FrameDecoder(Protocol):
    """Gives out sampled frames."""

    tally: DecodingTally

    def frames(self, targets: Ranks) -> Iterator[tuple[int, VideoFrame]]:
        """Yields (display index, frame), ascending, for those of `targets` that can be decoded."""
        ...


def frame_decoder(feeder: PacketFeeder, index: PacketIndex) -> FrameDecoder:
    """The decoder that the stream allows: by runs where it has timestamps, else linear."""
    return RunDecoder(feeder, index) if index.has_timestamps else LinearDecoder(feeder, index)


def first_frame(feeder: PacketFeeder, index: PacketIndex) -> VideoFrame | None:
    """The first frame of the stream that decodes without a fault; None if there is none at all."""
    for step in feeder.beginning(index.n_packets):
        for frame in step.frames:
            if not frame.is_corrupt:
                return frame
    return None


@dataclass(slots=True)
class Run:
    """Packets from the one at `start` up to, not including, `stop`; display indices wanted of them."""

    start: int
    stop: int
    targets: list[int]


def plan_runs(index: PacketIndex, targets: Ranks) -> list[Run]:
    """Groups targets whose packets touch. Between two runs packets are read past, not decoded."""
    runs: list[Run] = []
    for target in targets.tolist():
        position = int(index.display_order[target])
        start = index.decode_start(position)
        if runs and start <= runs[-1].stop:
            runs[-1].stop = max(runs[-1].stop, position + 1)
            runs[-1].targets.append(target)
        else:
            runs.append(Run(start, position + 1, [target]))
    return runs


@dataclass(slots=True)
class _Pending:
    """The state of one run.

    Attributes:
        expected: wanted display indices that have not been settled.
        wanted: all display indices of the run.
        held: heap of (display index, position, frame); None for a frame that is damaged.
        is_anchored: what comes out rests on a true key frame, or on the stream's beginning.
    """

    expected: deque[int]
    wanted: frozenset[int]
    is_anchored: bool
    held: list[tuple[int, int, VideoFrame | None]] = field(default_factory=list)

    @property
    def is_next_held(self) -> bool:
        """The frame that is due is at hand."""
        return bool(self.held) and self.held[0][0] == self.expected[0]


class RunDecoder:
    """For streams with timestamps: each run from the key frame that it needs to its last target."""

    def __init__(self, feeder: PacketFeeder, index: PacketIndex) -> None:
        self._feeder = feeder
        self._index = index
        self._rank_at = np.full(index.n_packets, -1, dtype=np.int64)
        self._rank_at[index.display_order] = np.arange(index.n_frames)
        self.tally = DecodingTally()
        self._damage = DamageTrail(index, self.tally)

    def frames(self, targets: Ranks) -> Iterator[tuple[int, VideoFrame]]:
        """See `FrameDecoder`."""
        runs = plan_runs(self._index, targets)
        for number, run in enumerate(runs):
            if (yield from self._decode(run)):
                continue
            # The "key" frame was none: the stream is refreshed gradually, and what it says of the
            # moment at which the picture is whole is not always true [seen with x264]. There is
            # one sure way to the rest of the frames.
            rest = [target for later in runs[number:] for target in later.targets]
            yield from self._decode(Run(0, runs[-1].stop, rest))
            return

    def _decode(self, run: Run) -> Generator[tuple[int, VideoFrame], None, bool]:
        """Yields the run's frames; returns False, having yielded none, if its start is no key frame."""
        starts_hidden = self._rank_at[run.start] < 0
        pending = _Pending(deque(run.targets), frozenset(run.targets), run.start == 0 or bool(starts_hidden))
        positions = frozenset(self._index.display_order[run.targets].tolist())
        for step in self._feeder.decode(run.start, run.stop, positions):
            self._take(step, run.start, pending)
            n_holdable = 0 if step.is_last else _MAX_HELD
            while pending.held and (pending.is_next_held or len(pending.held) > n_holdable):
                if not pending.is_anchored:
                    return False
                yield from self._settle(pending)
        if not pending.is_anchored:
            return False
        self.tally.n_failed += len(pending.expected)
        return True

    def _take(self, step: Step, start: int, pending: _Pending) -> None:
        """Keeps what is wanted of the frames that a packet brought out."""
        if step.has_fault:
            # A key frame that is broken stays so, wherever decoding begins.
            pending.is_anchored |= step.position == start
            self._damage.broke(step.position)
        for frame in step.frames:
            self.tally.n_decoded += 1
            position = coded_position(frame)
            rank = int(self._rank_at[position])
            pending.is_anchored |= position == start and (frame.key_frame or frame.pict_type == PictureType.I)
            if frame.is_corrupt:
                self._damage.broke(position)
            is_late = not pending.expected or rank < pending.expected[0]
            if rank in pending.wanted and not is_late and all(rank != held for held, _, _ in pending.held):
                heappush(pending.held, (rank, position, None if frame.is_corrupt else frame))

    def _settle(self, pending: _Pending) -> Iterator[tuple[int, VideoFrame]]:
        """Gives out the first frame held, and gives up those that should have come before it."""
        rank, position, frame = heappop(pending.held)
        while pending.expected.popleft() != rank:
            self.tally.n_failed += 1
        if frame is None:
            self.tally.n_failed += 1
            return
        self._damage.gave(position)
        yield rank, frame


class LinearDecoder:
    """For streams without timestamps: everything from the start to the last target, counted."""

    def __init__(self, feeder: PacketFeeder, index: PacketIndex) -> None:
        self._feeder = feeder
        self._index = index
        # Here display order is decode order, so this is the number of shown packets before each one.
        self._rank_at = np.searchsorted(index.display_order, np.arange(index.n_packets))
        self.tally = DecodingTally()

    def frames(self, targets: Ranks) -> Iterator[tuple[int, VideoFrame]]:
        """See `FrameDecoder`."""
        expected = deque[int](targets.tolist())
        damage = DamageTrail(self._index, self.tally)
        rank = 0
        for step in self._feeder.decode(0, self._index.n_packets):
            if not expected:
                return
            if step.has_fault:
                damage.broke(step.position)
            for frame in step.frames:
                self.tally.n_decoded += 1
                position = coded_position(frame)
                if frame.is_corrupt:
                    damage.broke(position)
                if frame.key_frame:
                    # All that was coded before a key frame is shown before it: frames that were lost
                    # on the way do not shift the count any further.
                    rank = max(rank, int(self._rank_at[position]))
                while expected and expected[0] < rank:
                    expected.popleft()
                    self.tally.n_failed += 1
                if expected and expected[0] == rank:
                    expected.popleft()
                    if frame.is_corrupt:
                        self.tally.n_failed += 1
                    else:
                        damage.gave(position)
                        yield rank, frame
                rank += 1
        self.tally.n_failed += len(expected)
