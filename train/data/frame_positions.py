"""Which frames are taken, so that a forged video and its original give the same moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.config import MediaLimits, Sampling, SamplingRule
from forensic_cli.errors import MediaError
from forensic_cli.media import open_media
from forensic_cli.media.sniff import sniff
from forensic_cli.types import MediaKind
from train.data.layouts.material import SourceItem


@dataclass(frozen=True, slots=True)
class _Length:
    n_frames: int
    frame_rate: float


class FramePositions:
    """Limits under which a video, its forgeries and their masks are sampled at the same frames.

    A rule that spreads n frames over each video's own length would miss the frames of its partners
    wherever a forgery is shorter than its original, as most of FaceForensics++'s are. So all of them
    are sampled over the length of the shortest, leaving aside those with fewer than n frames, which
    give what they have. Frames are counted by the mean rate: where it varies, some pairs are missed.

    Args:
        items: all material; lengths are read when they are first needed.
        n_wanted: frames taken of a video.
    """

    def __init__(self, items: Sequence[SourceItem], n_wanted: int) -> None:
        self._n_wanted = n_wanted
        self._partners: dict[Path, list[Path]] = {}
        for item in items:
            partners = self._partners.setdefault(item.original or item.path, [])
            partners += [path for path in (item.path, item.mask) if path is not None]
        self._lengths: dict[Path, _Length | None] = {}
        self.sampling = Sampling(SamplingRule.COUNT, n_frames=n_wanted)

    def limits(self, item: SourceItem, path: Path) -> MediaLimits:
        """The limits for one of the item's two files, its own or its mask."""
        partners = self._partners[item.original or item.path]
        own = self._length(path) if len(partners) > 1 else None
        if own is None or not own.frame_rate:
            return MediaLimits()
        known = [length.n_frames for partner in partners if (length := self._length(partner))]
        n_shared = min((n for n in known if n >= self._n_wanted), default=min(known))
        if n_shared >= own.n_frames:
            return MediaLimits()
        # Half-way to the first frame that is not to be taken.
        return MediaLimits(max_duration_s=(n_shared - 0.5) / own.frame_rate)

    def _length(self, path: Path) -> _Length | None:
        """None for a picture, and for what cannot be read, which is said when its turn comes."""
        if path not in self._lengths:
            self._lengths[path] = _read_length(path)
        return self._lengths[path]


def _read_length(path: Path) -> _Length | None:
    try:
        if sniff(path) is MediaKind.IMAGE:
            return None
        with open_media(path, Sampling(SamplingRule.COUNT, n_frames=1), MediaLimits()) as source:
            return _Length(source.facts.n_frames, source.facts.frame_rate)
    except MediaError:
        return None
