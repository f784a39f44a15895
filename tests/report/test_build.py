from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.case.model import Case
from forensic_cli.errors import VerificationError
from forensic_cli.report.build import build_report
from forensic_cli.report.build_item import MANY_ITEMS
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, ReportModel
from forensic_cli.types import Evidence, Finding, ItemResult, Verdict
from tests.report import material as made

ENGLISH = Language("en")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def model(folder: Path) -> ReportModel:
    return build_report(made.make_result(folder), folder)


def value_of(fields: tuple[Field, ...], label: str) -> str:
    return next(field.value for field in fields if field.label == label)


def test_every_item_found_is_accounted_for(model: ReportModel) -> None:
    tally = model.summary.accounting
    assert tally.n_found == 6 == tally.n_analysed + tally.n_no_face + tally.n_skipped + tally.n_failed
    assert tally.sentence == "6 items found = 2 analysed + 1 without a face + 1 skipped + 2 failed."
    assert len(model.items) + len(model.listed) == len(model.summary.rows) == 6
    assert sum(int(row.n_items) for row in model.summary.tally) == 6


def test_absent_fields_are_said_to_be_not_supplied(folder: Path) -> None:
    bare = build_report(made.make_result(folder, case=Case()), folder)
    assert {field.value for field in (*bare.request.fields, *bare.people.fields)} == {"Not supplied"}
    assert bare.head.case_number == bare.head.author == bare.summary.question == "Not supplied"
    assert value_of(bare.items[0].identity, "Original or copy") == "Not supplied"
    assert value_of(bare.custody.fields, "Transfers") == "Not supplied"


def test_a_finding_carries_words_score_and_interval(model: ReportModel) -> None:
    row = model.summary.rows[0]
    assert (row.label, row.words, row.score, row.likelihood) == (
        "AB-0001",
        "Likely forged",
        "+0.410",
        "none: not calibrated",
    )
    assert [row.words for row in model.summary.rows[2:]] == [
        "No face found",
        "Not examined",
        "Failed",
        "Failed",
    ]


def test_the_thresholds_are_named_in_plain_words(model: ReportModel) -> None:
    assert "+0.250 or higher" in model.summary.means[0]
    assert any("not a probability" in text for text in model.summary.does_not_mean)


def test_frames_are_a_sum(model: ReportModel) -> None:
    assert model.items[0].frames_sentence.startswith(
        "250 frames in the stream = 20 examined + 229 not sampled + 1 failed."
    )
    assert model.items[1].frames_sentence == "1 picture, examined."


def test_frames_shown_are_lettered_in_time_order_over_the_whole_item(model: ReportModel) -> None:
    letters = [mark.letter for track in model.items[0].tracks for mark in track.plot.marks]
    assert letters == ["A", "B", "C", "D", "E", "F"]
    first = model.items[0].tracks[0]
    assert [mark.time_s for mark in first.plot.marks] == sorted(mark.time_s for mark in first.plot.marks)
    assert [row.shown_as for row in first.readings if row.shown_as] == ["A", "B", "C"]
    assert first.frames[0].title == "Frame A"
    assert value_of(first.frames[0].fields, "Time") == "0:00:00.480"


def test_a_still_picture_has_no_time(model: ReportModel) -> None:
    track = model.items[1].tracks[0]
    assert track.frames[0].title == "Picture A"
    assert [field.label for field in track.frames[0].fields] == ["Score"]
    # Its one reading stands in the fields: a table of one row would say the same again.
    assert track.readings == ()
    assert [field.label for field in track.fields][-4:] == [
        "a_T (real)",
        "a_F (fake)",
        "Sharpness",
        "Confidence",
    ]


def test_an_odd_name_is_given_in_bytes_too(model: ReportModel) -> None:
    listed = {item.name: item for item in model.listed}
    assert value_of(listed[made.BROKEN_BYTES_NAME].facts, "Name, as bytes").startswith("ff fe 20 6b")
    assert (
        value_of(listed[made.UGLY_NAME].facts, "Name, as bytes")
        == "66 6f 6f 3c 62 3e 26 22 e2 80 ae 2e 6d 70 34"
    )
    assert "Name, as bytes" not in [field.label for field in model.items[0].identity]


def test_a_name_in_another_normal_form_is_given_in_bytes(folder: Path) -> None:
    item = replace(made.make_items(folder)[3], evidence=made.make_evidence("e\u0301.txt"))
    listed = build_report(made.make_result(folder, items=(item,)), folder).listed[0]
    assert value_of(listed.facts, "Name, as bytes").startswith("65 cc 81")


def test_hashes_stand_in_full_with_their_match(model: ReportModel) -> None:
    identity = model.items[0].identity
    assert (
        value_of(identity, "SHA-256 before")
        == made.sha(made.GREEK_NAME)
        == value_of(identity, "SHA-256 after")
    )
    assert value_of(identity, "Hashes match") == "Yes"


def test_changed_evidence_is_announced_three_times(folder: Path) -> None:
    item = replace(made.make_items(folder)[0], evidence=made.make_evidence("a.mp4", is_changed=True))
    report = build_report(made.make_result(folder, items=(item,)), folder)
    assert value_of(report.items[0].identity, "Hashes match") == "No"
    assert report.items[0].limits[0] == ENGLISH.say("limit.changed")
    assert any("1 item changed while being read" in notice for notice in report.summary.notices)


def test_an_unreadable_file_has_no_hash_and_no_match(folder: Path) -> None:
    item = ItemResult(
        "0001", Evidence("/x/a.mp4", 0, "", ""), Finding(Verdict.FAILED, ("It may not be read.",))
    )
    listed = build_report(made.make_result(folder, items=(item,)), folder).listed[0]
    assert value_of(listed.facts, "SHA-256") == value_of(listed.facts, "SHA-256 after") == "Not taken"
    assert "Not recorded" in value_of(listed.facts, "File")


def test_an_interrupted_run_and_foreign_weights_come_first(folder: Path) -> None:
    result = made.make_result(
        folder, run=made.make_run(was_interrupted=True), model=made.make_card(is_foreign=True)
    )
    notices = build_report(result, folder).summary.notices
    assert notices[0] == ENGLISH.say("notice.interrupted")
    assert "lae-face-v0" in notices[1]
    assert notices[-1] == "2 items could not be examined. The reasons are given with each."


def test_the_issue_time_is_the_end_of_the_scan(model: ReportModel, folder: Path) -> None:
    assert (model.head.issued, model.head.issued_epoch_s) == ("2026-11-21 04:46:12 UTC", 1795236372)
    killed = build_report(made.make_result(folder, run=made.make_run(finished_utc="")), folder)
    assert killed.head.issued == "2026-11-21 04:40:02 UTC"


def test_error_rates_keep_the_domains_apart(model: ReportModel) -> None:
    assert [(table.title, len(table.rows)) for table in model.error_tables] == [
        ("In-domain: forging methods that were trained on", 2),
        ("Out-of-domain: forging methods that were never trained on", 2),
    ]
    assert model.error_tables[1].rows[1] == (
        "genuine only, webcam", "webcam clips", "80", "0", "–", "11.3%\n6.0 to 20.0", "–",
    )  # fmt: skip


def test_weights_without_measured_errors_say_so(folder: Path) -> None:
    report = build_report(made.make_result(folder, model=made.make_card(error_rates=())), folder)
    assert report.error_tables == ()
    assert report.error_note == (ENGLISH.say("errors.none"),)


def test_few_and_small_faces_are_limits(model: ReportModel) -> None:
    limits = " ".join(model.items[0].limits)
    assert "rests on little: face track 2 (4 frames)." in limits
    assert "enlarged: face track 0 (142 px), face track 1 (142 px), face track 2 (142 px)." in limits
    assert "229 frames were passed over" in limits
    assert "Read in a single picture, so without an interval over frames: face track 0." in " ".join(
        model.items[1].limits
    )


@pytest.mark.parametrize("file", ["../secret.jpg", "/etc/passwd", "exhibits/../../x.png", ""])
def test_a_picture_outside_the_results_is_refused(folder: Path, file: str) -> None:
    item = made.make_items(folder)[1]
    track = item.tracks[0]
    bad = replace(track, exhibits=(replace(track.exhibits[0], file=file),))
    with pytest.raises(VerificationError, match="outside their own folder"):
        build_report(made.make_result(folder, items=(replace(item, tracks=(bad,)),)), folder)


def test_a_picture_of_unknown_kind_is_refused(folder: Path) -> None:
    item = made.make_items(folder)[1]
    bad = replace(item.tracks[0], exhibits=(replace(item.tracks[0].exhibits[0], kind="hologram"),))
    with pytest.raises(VerificationError, match="hologram"):
        build_report(made.make_result(folder, items=(replace(item, tracks=(bad,)),)), folder)


def test_long_tracks_list_only_the_frames_shown(folder: Path) -> None:
    item = made.make_items(folder)[0]
    track = made.make_track(folder, "0009", 0, 0.4, n_readings=400)
    section = (
        build_report(made.make_result(folder, items=(replace(item, tracks=(track,)),)), folder)
        .items[0]
        .tracks[0]
    )
    assert len(section.readings) == 2
    assert "all 400 readings" in section.readings_note
    assert len(section.plot.points) == 400


def test_a_crowd_is_summarised_but_nobody_is_left_out(folder: Path) -> None:
    item = made.make_items(folder)[0]
    tracks = tuple(made.make_track(folder, "0008", n, 0.1, n_readings=2, n_shown=n < 3) for n in range(40))
    section = build_report(made.make_result(folder, items=(replace(item, tracks=tracks),)), folder).items[0]
    assert len(section.tracks) == 40
    assert [track.is_summarised for track in section.tracks] == [False] * 3 + [True] * 37
    assert section.tracks_note.startswith("40 face tracks were followed. Only the 3")


def test_a_large_batch_prints_pictures_only_where_they_matter(folder: Path) -> None:
    forged, genuine = made.make_items(folder)[0], made.make_items(folder)[1]
    items = (forged, *(replace(genuine, item_id=f"{n:04d}") for n in range(2, MANY_ITEMS + 2)))
    report = build_report(made.make_result(folder, items=items), folder)
    assert report.items[0].tracks[0].frames
    assert report.items[0].pictures_note == ""
    assert report.items[1].tracks[0].frames == ()
    assert "not printed" in report.items[1].pictures_note


def test_the_command_can_be_copied(folder: Path) -> None:
    run = made.make_run(argv=("lae-forensics", "scan", "my files/a.mp4", made.UGLY_NAME, "--fps", "2"))
    command = build_report(made.make_result(folder, run=run), folder).command
    assert command == "lae-forensics scan 'my files/a.mp4' $'foo<b>&\"\\u202E.mp4' --fps 2"


def test_hostile_tags_are_cut_and_counted(folder: Path) -> None:
    facts = made.make_video_facts(tags=tuple((f"tag{n:03d}", "x" * 5000) for n in range(90)))
    item = replace(made.make_items(folder)[0], media=facts)
    (block,) = build_report(made.make_result(folder, items=(item,)), folder).items[0].blocks
    media = block.fields
    assert "[4,760 characters left out]" in value_of(media, "Tag: tag000")
    assert value_of(media, "Tag") == "50 more in results.jsonl"
