"""Frozen configuration of a scan, validated when it is made.

Only orchestration (`pipeline`) takes a whole `ScanConfig`; leaf functions take plain values
or the one part that they need.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from forensic_cli.case.model import Case
from forensic_cli.errors import UsageError


class SamplingRule(StrEnum):
    """Which frames of a video are examined."""

    FPS = "fps"
    COUNT = "frames"
    ALL = "all-frames"


class DetectorName(StrEnum):
    """Face detectors that can be asked for."""

    DLIB_HOG = "dlib-hog"
    DLIB_CNN = "dlib-cnn"


class FaceSearch(StrEnum):
    """Where the frames of a video are searched for faces.

    FOLLOW searches some of them whole, and the others around known faces and where the picture shows
    something new; see `faces.follow`. A single picture is always searched whole.
    """

    FOLLOW = "follow"
    EVERY_FRAME = "every-frame"

    @property
    def description(self) -> str:
        """One phrase for the report."""
        match self:
            case FaceSearch.FOLLOW:
                return "the whole frame at intervals, between them known faces and what is new"
            case FaceSearch.EVERY_FRAME:
                return "the whole of every frame"


class DeviceName(StrEnum):
    """Where the model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class BackendName(StrEnum):
    """What computes the model's convolutions."""

    TORCH = "torch"
    OPENVINO = "openvino"


class EngineName(StrEnum):
    """Where items are examined."""

    LOCAL = "local"
    RAY = "ray"


class HeatmapChoice(StrEnum):
    """How many attention exhibits are written."""

    NONE = "none"
    TOP = "top"
    ALL = "all"


def _require(condition: bool, message: str, hint: str) -> None:
    if not condition:
        raise UsageError(message, hint)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling of a video's frames.

    Attributes:
        fps: frames a second of presentation time (rule FPS).
        n_frames: frames spread evenly over the whole video (rule COUNT).
    """

    rule: SamplingRule = SamplingRule.FPS
    fps: float = 2.0
    n_frames: int = 32

    def __post_init__(self) -> None:
        _require(0 < self.fps <= 1000, f"--fps {self.fps} is out of range.", "Give 0.001 to 1000.")
        _require(self.n_frames >= 1, f"--frames {self.n_frames} is out of range.", "Give 1 or more.")

    @property
    def description(self) -> str:
        """One phrase for the report."""
        match self.rule:
            case SamplingRule.FPS:
                return f"{self.fps:g} frames a second of presentation time"
            case SamplingRule.COUNT:
                return f"{self.n_frames} frames spread evenly over the video"
            case SamplingRule.ALL:
                return "every frame"


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Caps against files that lie or are made to exhaust the machine. All are options.

    Attributes:
        max_pixels: width x height of one picture, as stored.
        max_frames: sampled frames of one video.
        max_duration_s: presentation time examined from the start.
        max_streams: streams of one container, of any kind.
        max_packets: coded frames of one video that are looked at before sampling; the default is 46
            hours at 60 frames a second.
    """

    max_pixels: int = 64_000_000
    max_frames: int = 20_000
    max_duration_s: float = 4 * 3600.0
    max_streams: int = 64
    max_packets: int = 10_000_000

    def __post_init__(self) -> None:
        _require(self.max_pixels >= 1, "--max-pixels must be at least 1.", "Leave it out for 64 MP.")
        _require(self.max_frames >= 1, "--max-frames must be at least 1.", "Leave it out for 20000.")
        _require(self.max_duration_s > 0, "--max-seconds must be above 0.", "Leave it out for 14400.")
        _require(
            1 <= self.max_streams <= 10_000,
            f"--max-streams {self.max_streams} is out of range.",
            "Give 1 to 10000, or leave it out for 64.",
        )
        _require(self.max_packets >= 1, "--max-packets must be at least 1.", "Leave it out for 10000000.")


@dataclass(frozen=True, slots=True)
class IsolationSettings:
    """Limits of the process in which one item is decoded and its faces are found.

    Attributes:
        memory_mib: writable memory of that process; exceeding it fails the item. The process that reads the
            media facts beside it may take as much; exceeding it costs the facts.
        stall_s: seconds in which nothing is read of the file and no frame is finished.
        total_s: seconds that the item may take in all, the model's own time left out.
        is_wanted: False decodes in the program's own process, without any of these limits.
    """

    memory_mib: int = 4096
    stall_s: float = 120.0
    total_s: float = 6 * 3600.0
    is_wanted: bool = True

    def __post_init__(self) -> None:
        _require(
            self.memory_mib >= 256,
            f"--max-memory {self.memory_mib} is out of range.",
            "Give 256 MiB or more; the programs that decode need that to start.",
        )
        _require(self.stall_s > 0, "--max-stall must be above 0.", "Leave it out for 120.")
        _require(self.total_s > 0, "--max-item-seconds must be above 0.", "Leave it out for 21600.")


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """Detection and tracking.

    Attributes:
        min_face_px: smallest face side, in pixels of the full frame, that must be found.
        n_threads: detector threads.
        max_faces_per_frame: the most confident are kept; a hit is a warning.
        search: which parts of which frames are searched.
    """

    detector: DetectorName = DetectorName.DLIB_HOG
    min_face_px: int = 80
    n_threads: int = 2
    max_faces_per_frame: int = 64
    search: FaceSearch = FaceSearch.FOLLOW

    def __post_init__(self) -> None:
        _require(
            20 <= self.min_face_px <= 4096,
            f"--min-face {self.min_face_px} is out of range.",
            "Give 20 to 4096 pixels; below 80 the detector works on an enlarged frame.",
        )
        _require(self.n_threads >= 1, f"--jobs {self.n_threads} is out of range.", "Give 1 or more.")
        _require(self.max_faces_per_frame >= 1, "--max-faces must be at least 1.", "Leave it out for 64.")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which weights, where, by what, and how many crops at a time.

    Attributes:
        weights: a name from weights.json, "" for its default, or a folder with its own weights.json.
        allow_foreign_weights: admits such a folder.
        batch_size: crops in one forward pass; None leaves it to the backend and the device.
        backend: OPENVINO is an extra, and runs on the CPU.
    """

    weights: str = ""
    allow_foreign_weights: bool = False
    device: DeviceName = DeviceName.AUTO
    batch_size: int | None = None
    backend: BackendName = BackendName.TORCH

    def __post_init__(self) -> None:
        _require(
            self.batch_size is None or 1 <= self.batch_size <= 256,
            f"--batch-size {self.batch_size} is out of range.",
            "Give 1 to 256: each crop that waits keeps a view of its frame in memory.",
        )

    @property
    def device_for_backend(self) -> DeviceName:
        """The device that was asked for; instead of `auto` the CPU for a backend that runs nowhere else."""
        if self.backend is BackendName.OPENVINO and self.device is DeviceName.AUTO:
            return DeviceName.CPU
        return self.device


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where items are examined. No record depends on it.

    Attributes:
        address: of a Ray cluster, host:port; "" for the one that this machine belongs to.
        worker_cpus: CPUs that one worker takes of a node; None for as many as the model uses threads here,
            or, with GPUs, for a GPU's share of the node.
    """

    name: EngineName = EngineName.LOCAL
    address: str = ""
    worker_cpus: int | None = None

    def __post_init__(self) -> None:
        is_local = self.name is EngineName.LOCAL
        _require(
            not (is_local and (self.address or self.worker_cpus is not None)),
            "--address and --worker-cpus speak of a cluster.",
            "Add --engine ray, or leave them out.",
        )
        _require(
            self.worker_cpus is None or self.worker_cpus >= 1,
            f"--worker-cpus {self.worker_cpus} is out of range.",
            "Give 1 or more.",
        )


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """One scan, whole.

    Attributes:
        paths: files and folders as given.
        out_dir: where results.jsonl, summary.csv, exhibits/ and the manifest go; None saves nothing.
        report: the PDF to write, None for none; needs `out_dir`.
        report_language: tag of a message catalogue, see `report.catalogue`.
        report_is_final: no draft; needs complete case data, see `case.final`.
        seed: of the bootstrap intervals.
        n_at_once: items examined side by side; of a cluster, by each worker.
    """

    paths: tuple[Path, ...]
    out_dir: Path | None = None
    report: Path | None = None
    report_language: str = "en"
    report_is_final: bool = False
    case: Case = field(default_factory=Case)
    sampling: Sampling = field(default_factory=Sampling)
    limits: MediaLimits = field(default_factory=MediaLimits)
    faces: FaceSettings = field(default_factory=FaceSettings)
    isolation: IsolationSettings = field(default_factory=IsolationSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    heatmaps: HeatmapChoice = HeatmapChoice.TOP
    seed: int = 20200
    n_at_once: int = 1
    engine: EngineSettings = field(default_factory=EngineSettings)

    def __post_init__(self) -> None:
        _require(
            1 <= self.n_at_once <= 64, f"--at-once {self.n_at_once} is out of range.", "Give 1 to 64 items."
        )
        _require(bool(self.paths), "Nothing to scan.", "Name at least one file or folder.")
        _require(
            self.report is None or self.out_dir is not None,
            "A report needs a folder for its results.",
            "Give --out as well.",
        )
