"""Ways to run the encoder, compared on one machine in one run: time, and how far scores move.

    python benchmarks/inference_backends.py --json inference_backends.json
    python benchmarks/inference_backends.py --arch lae --sizes 1 4 --rounds 3 --skip torch.compile

On the CPU: eager torch in fp32, with weights packed once (what the program does), with batch normalisation
folded into the convolutions, under bf16 autocast, `torch.compile`, ONNX Runtime (also int8, quantised on the
crops that are then read: the best case) and OpenVINO, for the shipped weights and for the other architectures
with seeded weights. Candidates run in turns, so that other work on the machine hits all alike: what counts is
the ratio to eager torch in the same round. What is not installed is left out, and said. Where there is a CUDA
device, `inference_on_cuda.py` follows. OMP_WAIT_POLICY=active in the environment shows what torch's threads
take that spin while they wait.
"""

from __future__ import annotations

# Before torch: it says how torch's threads wait.
import forensic_cli.model  # noqa: F401

# isort: split
import argparse
import copy
import json
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from forensic_cli.model.architectures import ARCHITECTURES, PAPER_ARCH, make_encoder
from forensic_cli.model.backends.base import head
from forensic_cli.model.backends.packed import can_pack, with_packed_weights
from forensic_cli.model.inference import build_encoder
from forensic_cli.model.lae import INPUT_PX, ConceptEncoder, normalise
from forensic_cli.model.weights import read_verified, resolve
from forensic_cli.provenance.run import processor_name

_EAGER = "torch eager fp32"
_PACKED = "torch packed (default)"
_SAMPLES = Path(__file__).resolve().parent.parent / "forensic_cli" / "samples"
_N_CROPS = 16
_SEED = 20200

Features = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """One way to run one architecture.

    Attributes:
        set_up_s: until the first answer, compiling included.
        crops_per_s: by batch size, medians.
        cpu_s_per_crop: by batch size, medians: user and system time of all threads.
        speed_up: by batch size, wall time of eager torch in the same round over its own; median.
        cpu_saving: the same of CPU time.
        score_difference: largest |score - score of eager torch in fp32| of the crops.
    """

    arch: str
    name: str
    set_up_s: float
    crops_per_s: dict[int, float]
    cpu_s_per_crop: dict[int, float]
    speed_up: dict[int, float]
    cpu_saving: dict[int, float]
    score_difference: float


def sample_crops(n: int) -> np.ndarray:
    """(n, 256, 256, 3) uint8 RGB: the face region of frames of the two sample clips, of several sizes."""
    frames = []
    for name in ("genuine.mp4", "forged.mp4"):
        with av.open(str(_SAMPLES / name)) as clip:
            frames += [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)][:: 2 * 8]
    crops = []
    for number in range(n):
        frame = frames[number % len(frames)]
        side = round(min(frame.shape[:2]) * (0.5 + 0.45 * number / n))
        top, left = (frame.shape[0] - side) // 2, (frame.shape[1] - side) // 2
        square = frame[top : top + side, left : left + side]
        crops.append(cv2.resize(square, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_AREA))
    return np.stack(crops)


def encoder_of(arch: str) -> tuple[ConceptEncoder, str]:
    """The shipped weights where they are of this architecture, else seeded ones; and which."""
    catalogue, card = resolve("", False)
    if card.arch == arch:
        return build_encoder(card, read_verified(catalogue, card)).eval(), card.name
    encoder = make_encoder(arch)
    encoder.initialise(torch.Generator().manual_seed(_SEED))
    return encoder.eval(), f"seed {_SEED}"


def _eager(encoder: ConceptEncoder) -> Features:
    features = copy.deepcopy(encoder.features).to(memory_format=torch.channels_last)
    return lambda x: features(x)


def _packed(encoder: ConceptEncoder) -> Features:
    features = with_packed_weights(copy.deepcopy(encoder.features).to(memory_format=torch.channels_last))
    return lambda x: features(x)


def _folded(encoder: ConceptEncoder) -> Features:
    layers: list[nn.Module] = []
    for layer in copy.deepcopy(encoder.features).children():
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    features = type(encoder.features)(*layers).to(memory_format=torch.channels_last)
    return lambda x: features(x)


def _bf16(encoder: ConceptEncoder) -> Features:
    features = copy.deepcopy(encoder.features).to(memory_format=torch.channels_last)

    def run(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return features(x).float()

    return run


def _compiled(encoder: ConceptEncoder) -> Features:
    return torch.compile(copy.deepcopy(encoder.features).to(memory_format=torch.channels_last))


def _openvino(encoder: ConceptEncoder) -> Features:
    # As the program does it: without the package that reports to OpenVINO's maker.
    from forensic_cli.model.backends.openvino_cpu import OpenVinoBackend

    compiled = OpenVinoBackend(copy.deepcopy(encoder), "paper")._compiled
    return lambda x: torch.from_numpy(compiled(x.contiguous().numpy())[0])


def _onnx(encoder: ConceptEncoder) -> bytes:
    example = (torch.zeros(2, 3, INPUT_PX, INPUT_PX),)
    sizes = ({0: torch.export.Dim("batch", min=1, max=256)},)
    program = torch.onnx.export(
        copy.deepcopy(encoder.features), example, dynamo=True, dynamic_shapes=sizes, verbose=False
    )
    return program.model_proto.SerializeToString()


def _session(content: bytes) -> Features:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: torch.from_numpy(session.run(None, {name: x.contiguous().numpy()})[0])


def _onnxruntime(encoder: ConceptEncoder) -> Features:
    return _session(_onnx(encoder))


def _int8(encoder: ConceptEncoder) -> Features:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Crops(CalibrationDataReader):
        def __init__(self, name: str) -> None:
            pixels = normalise(torch.from_numpy(sample_crops(_N_CROPS)).permute(0, 3, 1, 2))
            self._rows = iter([{name: pixels[k : k + 1].contiguous().numpy()} for k in range(_N_CROPS)])

        def get_next(self) -> dict[str, np.ndarray] | None:
            return next(self._rows, None)

    import onnx

    model = onnx.load_from_string(_onnx(encoder))
    with tempfile.TemporaryDirectory(prefix="int8-") as folder:
        target = Path(folder) / "int8.onnx"
        reader = Crops(model.graph.input[0].name)
        quantize_static(model, target, reader, quant_format=QuantFormat.QDQ, per_channel=True)
        return _session(target.read_bytes())


CANDIDATES: dict[str, Callable[[ConceptEncoder], Features]] = {
    _EAGER: _eager,
    _PACKED: _packed,
    "torch folded": _folded,
    "torch bf16": _bf16,
    "torch.compile": _compiled,
    "ONNX Runtime": _onnxruntime,
    "ONNX Runtime int8": _int8,
    "OpenVINO": _openvino,
}


def measure(arch: str, names: list[str], sizes: list[int], rounds: int) -> list[Row]:
    """Every candidate for one architecture, in turns."""
    encoder, which = encoder_of(arch)
    print(f"\n{arch} ({which}), {torch.get_num_threads()} threads", flush=True)
    crops = torch.from_numpy(sample_crops(_N_CROPS)).permute(0, 3, 1, 2)
    pixels = normalise(crops).contiguous(memory_format=torch.channels_last)
    ready: dict[str, tuple[Features, float, float]] = {}
    wanted = _scores(encoder, encoder.features, pixels)
    for name in names:
        if name == _PACKED and not can_pack(torch.device("cpu")):
            print("left out: oneDNN does not compute the convolutions here")
            continue
        if name == "torch folded" and not any(isinstance(m, nn.BatchNorm2d) for m in encoder.modules()):
            continue
        began = time.perf_counter()
        try:
            features = CANDIDATES[name](encoder)
            difference = float((_scores(encoder, features, pixels) - wanted).abs().max())
        except ModuleNotFoundError as error:
            print(f"left out: {name} needs {error.name}")
            continue
        ready[name] = features, time.perf_counter() - began, difference
    for size in sizes:
        for features, _, _ in ready.values():
            features(pixels[:size])
    taken: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for size in sizes:
            for name, (features, _, _) in ready.items():
                taken.setdefault((name, size), []).append(_time(features, pixels, size))
    return [_row(arch, name, *ready[name][1:], taken, sizes) for name in ready]


def _scores(encoder: ConceptEncoder, features: Features, pixels: Tensor) -> Tensor:
    scores = []
    for k in range(0, len(pixels), 2):
        real, fake, _ = head(encoder, features(pixels[k : k + 2]), "paper")
        scores.append(fake - real)
    return torch.cat(scores)


def _time(features: Features, pixels: Tensor, size: int) -> tuple[float, float]:
    """Wall and CPU seconds a crop."""
    n = max(size, 4)
    wall, cpu = time.perf_counter(), time.process_time()
    for k in range(0, n, size):
        features(pixels[k : k + size])
    return (time.perf_counter() - wall) / n, (time.process_time() - cpu) / n


def _row(
    arch: str,
    name: str,
    set_up_s: float,
    difference: float,
    taken: dict[tuple[str, int], list[tuple[float, float]]],
    sizes: list[int],
) -> Row:
    def over(column: int, size: int) -> float:
        pairs = zip(taken[_EAGER, size], taken[name, size], strict=True)
        return median(eager[column] / own[column] for eager, own in pairs)

    return Row(
        arch,
        name,
        set_up_s,
        {size: 1 / median(wall for wall, _ in taken[name, size]) for size in sizes},
        {size: median(cpu for _, cpu in taken[name, size]) for size in sizes},
        {size: over(0, size) for size in sizes},
        {size: over(1, size) for size in sizes},
        difference,
    )


def show(rows: list[Row], sizes: list[int]) -> None:
    """The rows as tables in Markdown."""
    print(f"\n| {'':<22} | set-up | scores move by | " + " | ".join(f"batch {size}" for size in sizes) + " |")
    print("|---" * (3 + len(sizes)) + "|")
    for row in rows:
        cells = [
            f"{row.crops_per_s[s]:.1f}/s ×{row.speed_up[s]:.2f}, CPU {1e3 * row.cpu_s_per_crop[s]:.0f} ms "
            f"×{row.cpu_saving[s]:.2f}"
            for s in sizes
        ]
        moved = f"{row.score_difference:.1e}"
        print(f"| {row.name:<22} | {row.set_up_s:.1f} s | {moved} | " + " | ".join(cells) + " |")


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arch", nargs="+", default=list(ARCHITECTURES), choices=ARCHITECTURES)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 2, 4, 8, 16], help="crops a batch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--skip", nargs="+", default=[], choices=[n for n in CANDIDATES if n != _EAGER])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # torch's and ONNX Runtime's exporters announce their own future.
    warnings.simplefilter("ignore")
    names = [name for name in CANDIDATES if name not in arguments.skip]
    rows: list[Row] = []
    with torch.inference_mode(False), torch.no_grad():
        for arch in arguments.arch:
            found = measure(arch, names, arguments.sizes, arguments.rounds)
            show(found, arguments.sizes)
            rows += found
    document: dict[str, object] = {
        "processor": processor_name(),
        "n_processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "wait_policy": os.environ.get("OMP_WAIT_POLICY", ""),
        "versions": {name: _version(name) for name in ("torch", "onnxruntime", "openvino", "numpy")},
        "rounds": arguments.rounds,
        "rows": [asdict(row) for row in rows],
    }
    if torch.cuda.is_available():
        from inference_on_cuda import measure_cuda

        document["cuda"] = measure_cuda(encoder_of(PAPER_ARCH)[0])
    else:
        print("\nNo CUDA device here: nothing measured on one.")
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
