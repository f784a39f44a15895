"""`lae-forensics scan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.cli.options import (
    AddressOption,
    AllFramesOption,
    AtOnceOption,
    BackendOption,
    BatchSizeOption,
    DetectorOption,
    DeviceOption,
    EngineOption,
    FaceSearchOption,
    FinalOption,
    FpsOption,
    FramesOption,
    JobsOption,
    LanguageOption,
    MinFaceOption,
    QuietOption,
    ScanPathsArgument,
    WorkerCpusOption,
    default_at_once,
    default_jobs,
    make_case,
    make_sampling,
)
from forensic_cli.cli.resume import resumed_config
from forensic_cli.cli.text import printable
from forensic_cli.config import (
    BackendName,
    DetectorName,
    DeviceName,
    EngineName,
    EngineSettings,
    FaceSearch,
    FaceSettings,
    HeatmapChoice,
    IsolationSettings,
    MediaLimits,
    ModelSettings,
    ScanConfig,
)
from forensic_cli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from forensic_cli.evidence.records import ScanResult

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics scan video.mp4 --report out.pdf

  lae-forensics scan ./exhibits --report case.pdf --case case.toml

  lae-forensics scan clip.mov --all-frames --heatmaps all --out ./results

  lae-forensics scan ./photos --json --quiet > results.jsonl

  lae-forensics scan /mnt/case/exhibits --out ./results --engine ray

  lae-forensics scan --resume ./results

With --report alone, the results that the report is drawn from are saved beside it, in a folder
called after it: out.pdf and out-results/. Nothing is ever overwritten.

A scan with saved results that was stopped (Ctrl-C, kill, loss of power, a full disk) goes on with
--resume and that folder: options, weights and program are those of the first run, or it refuses. What
was finished is not examined again; its evidence is hashed again first.

Exit codes: 0 done, whatever was found; 2 usage; 3 done, but some items failed; 4 an item changed
while it was read, or before the scan was resumed; 5 the audit log was altered; 6 weights not trusted;
7 output cannot be written; 130 interrupted (items done are complete).
"""


@app.command(epilog=_EPILOG)
def scan(
    context: typer.Context,
    paths: ScanPathsArgument = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write a PDF report here.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Save results.jsonl, summary.csv, exhibits/ and the manifest in this new folder."
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON line an item on stdout as it is done, everything else on stderr."
        ),
    ] = False,
    case: Annotated[Path | None, typer.Option("--case", help="Case data, a TOML file.")] = None,
    case_number: Annotated[str | None, typer.Option("--case-number", help="Case number.")] = None,
    exhibit_prefix: Annotated[
        str | None, typer.Option("--exhibit-prefix", help="Put before the item numbers, for example AB/.")
    ] = None,
    examiner: Annotated[str | None, typer.Option("--examiner", help="Name of the examiner.")] = None,
    laboratory: Annotated[str | None, typer.Option("--laboratory", help="Name of the laboratory.")] = None,
    requester: Annotated[str | None, typer.Option("--requester", help="Who asked for this.")] = None,
    question: Annotated[str | None, typer.Option("--question", help="What was asked.")] = None,
    language: LanguageOption = "en",
    is_final: FinalOption = False,
    fps: FpsOption = None,
    frames: FramesOption = None,
    all_frames: AllFramesOption = False,
    device: DeviceOption = DeviceName.AUTO,
    backend: BackendOption = BackendName.TORCH,
    batch_size: BatchSizeOption = None,
    weights: Annotated[
        str,
        typer.Option("--weights", help="Name from `weights list`, or a folder made by `train export`."),
    ] = "",
    allow_foreign_weights: Annotated[
        bool,
        typer.Option(
            "--allow-foreign-weights",
            help="Admit weights that are not part of this release; the report says so.",
        ),
    ] = False,
    detector: DetectorOption = DetectorName.DLIB_HOG,
    min_face: MinFaceOption = 80,
    face_search: FaceSearchOption = FaceSearch.FOLLOW,
    max_faces: Annotated[int, typer.Option("--max-faces", help="Faces examined in a frame, at most.")] = 64,
    heatmaps: Annotated[
        HeatmapChoice,
        typer.Option("--heatmaps", help="Heatmaps of no crop, of the highest-scoring crops, or of all."),
    ] = HeatmapChoice.TOP,
    jobs: JobsOption = None,
    at_once: AtOnceOption = None,
    engine: EngineOption = EngineName.LOCAL,
    address: AddressOption = "",
    worker_cpus: WorkerCpusOption = None,
    max_pixels: Annotated[
        int, typer.Option("--max-pixels", help="Refuse pictures larger than this.")
    ] = 64_000_000,
    max_frames: Annotated[
        int, typer.Option("--max-frames", help="Examine at most this many frames.")
    ] = 20_000,
    max_seconds: Annotated[
        float, typer.Option("--max-seconds", help="Examine at most this much of a video.")
    ] = 14_400.0,
    max_streams: Annotated[
        int, typer.Option("--max-streams", help="Refuse containers with more streams than this.")
    ] = 64,
    max_packets: Annotated[
        int, typer.Option("--max-packets", help="Look at most at this many coded frames of a video.")
    ] = 10_000_000,
    max_memory: Annotated[
        int, typer.Option("--max-memory", help="MiB that each of an item's two processes may take.")
    ] = 4096,
    max_stall: Annotated[
        float, typer.Option("--max-stall", help="Give an item up after this many seconds without progress.")
    ] = 120.0,
    max_item_seconds: Annotated[
        float,
        typer.Option("--max-item-seconds", help="Give an item up when it was decoded for this long in all."),
    ] = 21_600.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the bootstrap intervals.")] = 20200,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="DIR", help="Continue the scan whose results are in this folder."),
    ] = None,
    reanalyse_changed: Annotated[
        bool,
        typer.Option(
            "--reanalyse-changed",
            help="With --resume: examine anew what changed in between; the old records are kept aside.",
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Examine videos, images and folders; write results and a PDF report."""
    first = _first_run(resume, report, reanalyse_changed)
    results = out if out is not None else _beside(report)
    config = ScanConfig(
        paths=tuple(paths or (first.paths if first else ())),
        out_dir=results,
        report=report,
        report_language=language,
        report_is_final=is_final,
        case=make_case(
            case,
            number=case_number,
            exhibit_prefix=exhibit_prefix,
            examiner=examiner,
            laboratory=laboratory,
            requester=requester,
            question=question,
        ),
        sampling=make_sampling(fps, frames, all_frames),
        limits=MediaLimits(max_pixels, max_frames, max_seconds, max_streams, max_packets),
        faces=FaceSettings(detector, min_face, default_jobs(jobs), max_faces, face_search),
        isolation=IsolationSettings(max_memory, max_stall, max_item_seconds),
        model=ModelSettings(weights, allow_foreign_weights, device, batch_size, backend),
        heatmaps=heatmaps,
        seed=seed,
        n_at_once=default_at_once(at_once),
        engine=EngineSettings(engine, address, worker_cpus),
    )
    if first is not None and resume is not None:
        config = resumed_config(first, resume, config, _given(context))
    _require_report_form(config)
    raise typer.Exit(
        int(run_and_report(config, as_json, quiet, resume=resume, reanalyse_changed=reanalyse_changed))
    )


def _require_report_form(config: ScanConfig) -> None:
    """Refuses a report that could not be drawn in the end, before the first item is opened."""
    from forensic_cli.case.final import require_complete
    from forensic_cli.report.catalogue import require_language

    require_language(config.report_language)
    if not config.report_is_final:
        return
    if config.report is None:
        raise UsageError("--final speaks of a report, and none is asked for.", "Add --report out.pdf.")
    require_complete(config.case)


def _given(context: typer.Context) -> dict[str, str]:
    """The parameters that the command line names, and how the user writes each."""
    return {
        parameter.name: parameter.opts[0] if parameter.param_type_name == "option" else "PATHS"
        for parameter in context.command.params
        if parameter.name
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name == "COMMANDLINE"
    }


def _first_run(resume: Path | None, report: Path | None, reanalyse_changed: bool) -> ScanConfig | None:
    """The options of the scan that is to be resumed; None for a new one. A complete one ends here."""
    if resume is None:
        if reanalyse_changed:
            raise UsageError("--reanalyse-changed goes with --resume.", "Leave it out in a first run.")
        return None
    from forensic_cli.evidence.past import read_past
    from forensic_cli.evidence.records import load_results
    from forensic_cli.pipeline.drawing import complete_report

    past = read_past(resume)
    if not past.is_complete:
        return past.started.options
    typer.echo(f"The scan in {printable(str(resume))} is finished: nothing was examined.", err=True)
    drawn = complete_report(past, resume)
    if drawn is not None:
        typer.echo(f"Its report had not been completed, and is now: {printable(str(drawn))}", err=True)
        raise typer.Exit(int(exit_code(load_results(resume))))
    if report is not None:
        typer.echo("For another report: lae-forensics report DIR -o OTHER.pdf", err=True)
    raise typer.Exit


def _beside(report: Path | None) -> Path | None:
    return None if report is None else report.with_name(f"{report.stem}-results")


def run_and_report(
    config: ScanConfig,
    as_json: bool,
    quiet: bool,
    *,
    resume: Path | None = None,
    reanalyse_changed: bool = False,
) -> ExitCode:
    """Runs or resumes a scan with progress, draws the PDF, prints the summary; returns the exit code."""
    from forensic_cli.cli.progress import make_listener
    from forensic_cli.cli.summary import print_summary
    from forensic_cli.pipeline import draw_report, resume_scan, run_scan
    from forensic_cli.report.form import ReportForm

    listener = make_listener(as_json=as_json, quiet=quiet)
    with listener:
        if resume is None:
            result = run_scan(config, listener)
        else:
            result = resume_scan(resume, config, listener, reanalyse_changed=reanalyse_changed)
        if config.report is not None and config.out_dir is not None:
            listener.on_report(config.report)
            form = ReportForm(config.report_language, config.report_is_final)
            draw_report(result, config.out_dir, config.report, form)
    if not quiet:
        print_summary(result, config.out_dir, config.report)
    return exit_code(result)


def exit_code(result: ScanResult) -> ExitCode:
    """The gravest thing that happened: interrupted, then evidence changed, then items failed."""
    from forensic_cli.types import Verdict

    if result.run.was_interrupted:
        return ExitCode.INTERRUPTED
    failed = [item for item in result.items if item.finding.verdict is Verdict.FAILED]
    if any(item.evidence.sha256_before and not item.evidence.is_unchanged for item in failed):
        return ExitCode.EVIDENCE_CHANGED
    return ExitCode.SOME_ITEMS_FAILED if failed else ExitCode.DONE
