"""How the results came about: tool, machine, parameters, and how to do it again."""

from __future__ import annotations

from forensic_cli.case.model import Case
from forensic_cli.evidence.records import ScanResult
from forensic_cli.evidence.tolerance import tolerance_of
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, Section, TextKind
from forensic_cli.report.text import shell_word
from forensic_cli.types import Resumption, RunInfo

_DRIVER = "NVIDIA driver"
_MAX_NAMES = 12


def build_tool(run: RunInfo, lang: Language) -> Section:
    """Versions, machine and times of the run."""
    say, unknown = lang.say, lang.say("common.not_recorded")
    is_gpu = not run.device.startswith("cpu")
    driver = dict(run.versions).get(_DRIVER, unknown)
    fields = (
        Field(say("tool.program"), f"lae-forensics {run.tool_version}"),
        Field(say("tool.scan_id"), run.run_id, TextKind.MONO),
        Field(say("tool.commit"), run.commit or unknown, TextKind.MONO),
        Field(say("tool.source"), run.source_sha256 or unknown, TextKind.MONO),
        *(Field(component, version) for component, version in run.versions if component != _DRIVER),
        Field(say("tool.platform"), run.platform),
        Field(say("tool.folder"), run.working_folder or unknown),
        Field(say("tool.device"), run.device),
        *(
            Field(say("tool.node", node=lang.clip(work.node)), lang.count(work.n_items, "item"))
            for work in run.nodes
        ),
        Field(say("tool.gpu"), run.device if is_gpu else say("tool.gpu_none")),
        Field(say("tool.driver"), driver if is_gpu else say("tool.gpu_none")),
        Field(say("tool.precision"), run.precision),
        Field(say("tool.started"), lang.moment(run.started_utc) if run.started_utc else unknown),
        Field(say("tool.finished"), lang.moment(run.finished_utc) if run.finished_utc else unknown),
    )
    return Section("tool", say("tool.title"), fields=fields)


def build_resumptions(run: RunInfo, lang: Language) -> Section | None:
    """What happened each time the scan was taken up again; None for one that ran through."""
    if not run.resumptions:
        return None
    fields = tuple(Field(lang.moment(each.time_utc), _resumption(each, lang)) for each in run.resumptions)
    return Section("resumptions", lang.say("resumption.title"), fields=fields)


def _resumption(each: Resumption, lang: Language) -> str:
    sentences = [lang.say("resumption.kept", items=lang.count(each.n_kept, "item"))]
    sentences += [
        lang.say("resumption.stopped", label=stopped.item, name=lang.clip(stopped.path, 200))
        for stopped in each.stopped
    ]
    lists = (
        ("resumption.repeated", each.repeated),
        ("resumption.new", each.new_paths),
        ("resumption.missing", each.missing_paths),
        ("resumption.changed", each.changed_paths),
        ("resumption.set_aside", each.set_aside),
    )
    sentences += [lang.say(key, names=_names(names, lang)) for key, names in lists if names]
    return "\n".join(sentences)


def _names(names: tuple[str, ...], lang: Language) -> str:
    shown = [lang.clip(name, 200) for name in names[:_MAX_NAMES]]
    if len(names) > len(shown):
        shown.append(lang.say("common.more", n=lang.number(len(names) - len(shown))))
    return ", ".join(shown)


def build_parameters(result: ScanResult, lang: Language) -> Section:
    """Every setting of the scan, the seed among them."""
    fields = [
        Field(lang.stored(name, is_marked=False), lang.stored(lang.clip(value), is_marked=False))
        for name, value in result.parameters
    ]
    if not any("seed" in name.lower() for name, _ in result.parameters):
        fields.append(Field(lang.say("parameters.seed"), str(result.run.seed)))
    return Section("parameters", lang.say("parameters.title"), fields=tuple(fields))


def build_repeat(run: RunInfo, lang: Language) -> Section:
    """What to do to repeat the scan, and how closely the repetition will agree."""
    try:
        tolerance = tolerance_of(run.precision)
    except KeyError:
        expected = lang.say("repeat.expect_unknown", precision=run.precision)
    else:
        expected = lang.say(
            "repeat.expect", score=lang.exact(tolerance.score), box=lang.exact(tolerance.box_px)
        )
    paragraphs = (lang.say("repeat.how"), expected, lang.say("repeat.drawn"))
    return Section("repeat", lang.say("repeat.title"), paragraphs=paragraphs)


def build_command(run: RunInfo, lang: Language) -> str:
    """The command line as bash reads it back."""
    return " ".join(map(shell_word, run.argv)) or lang.say("common.not_recorded")


def build_conditions(case: Case, lang: Language) -> Section:
    """The fixed text that closes the report."""
    issued = lang.say("conditions.issued_case" if case.issued_utc else "conditions.issued_scan")
    points = (*lang.say_all("conditions.text"), issued)
    return Section("conditions", lang.say("conditions.title"), points=points)
