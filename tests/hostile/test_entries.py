"""Links, loops, pipes, sockets and devices are accounted for, and none is opened."""

from __future__ import annotations

import pytest

from forensic_cli.types import Verdict
from tests.hostile.conftest import ENDLESS_DEVICE, Batch
from tests.hostile.makers.entries import DEPTH


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("link.png", "a symbolic link to "),
        ("link-relative.png", "a symbolic link to ../"),
        ("link-to-folder", "a symbolic link to "),
        ("link-to-itself.png", "a symbolic link to link-to-itself.png"),
        ("loop-a.mp4", "a symbolic link to loop-b.mp4"),
        ("loop-b.mp4", "a symbolic link to loop-a.mp4"),
        ("dangling.mp4", "a symbolic link to nowhere"),
        ("below/up", "a symbolic link to "),
        ("pipe.mp4", "a named pipe"),
        ("socket.mp4", "a socket"),
    ],
)
def test_what_is_no_regular_file_is_skipped_and_named(batch: Batch, name: str, reason: str) -> None:
    item = batch.items[f"entries/{name}"]
    assert item.finding.verdict is Verdict.SKIPPED
    assert item.finding.reasons[0].startswith(f"It is {reason}")
    assert item.evidence.sha256_before == ""


def test_a_device_in_the_folder_is_skipped_and_named(batch: Batch) -> None:
    if not batch.has_device:
        pytest.skip("making a device takes the right to (CAP_MKNOD)")
    item = batch.items["entries/device.png"]
    assert item.finding.verdict is Verdict.SKIPPED
    assert "a character device" in item.finding.reasons[0]


def test_a_device_named_by_hand_has_failed_and_is_not_read_without_end(batch: Batch) -> None:
    item = batch.items[str(ENDLESS_DEVICE)]
    assert item.finding.verdict is Verdict.FAILED
    assert "a character device" in item.finding.reasons[0]
    assert item.evidence.sha256_before == ""


def test_a_link_leads_to_no_second_record(batch: Batch) -> None:
    assert not [
        name for name in batch.items if name.startswith(("entries/link-to-folder/", "entries/below/up/"))
    ]


def test_the_end_of_a_deep_tree_is_found(batch: Batch) -> None:
    item = batch.items["/".join(["entries", "deep", *["d"] * DEPTH, "notes.txt"])]
    assert item.finding.verdict is Verdict.SKIPPED
    assert "neither an image nor a video" in item.finding.reasons[0]
