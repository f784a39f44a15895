"""A file that asks for another one gets neither a neighbour, nor a path, nor an address."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import av
import pytest

from forensic_cli.factsheet import CredentialState
from forensic_cli.types import Verdict
from tests.hostile.baits import OpenWatch, bait_server
from tests.hostile.conftest import Batch
from tests.hostile.makers import redirections
from tests.media.clips import write_clip

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches files through inotify")


@pytest.mark.parametrize(
    "name",
    [
        "ffconcat-relative.mp4",
        "ffconcat-absolute.mkv",
        "ffconcat-url.mov",
        "hls-file.mp4",
        "hls-relative.avi",
        "hls-url.webm",
        "hls-key.mp4",
        "dash.mp4",
        "sdp.mp4",
    ],
)
def test_a_script_called_a_video_has_failed_and_says_that_it_is_none(batch: Batch, name: str) -> None:
    item = batch.items[f"redirections/{name}"]
    assert item.finding.verdict is Verdict.FAILED
    suffix = Path(name).suffix
    assert item.finding.reasons[0] == f"{name} is called {suffix} but does not hold an image or a video."
    assert item.media is None
    assert item.counts is None


@pytest.mark.parametrize("name", ["playlist.m3u8", "list.ffconcat"])
def test_a_script_under_its_own_name_is_skipped(batch: Batch, name: str) -> None:
    item = batch.items[f"redirections/{name}"]
    assert item.finding.verdict is Verdict.SKIPPED
    assert "neither an image nor a video" in item.finding.reasons[0]


def test_a_film_whose_frames_lie_in_another_file_has_failed(batch: Batch) -> None:
    item = batch.items["redirections/alias.mov"]
    assert item.finding.verdict is Verdict.FAILED
    assert "without a single frame" in item.finding.reasons[0]
    assert item.media is None


def test_content_credentials_elsewhere_are_named_and_not_fetched(batch: Batch) -> None:
    item = batch.items["redirections/credentials.jpg"]
    assert item.finding.verdict.is_analysed
    assert item.media_facts is not None
    assert item.media_facts.credentials is not None
    assert item.media_facts.credentials.state is CredentialState.REMOTE_NOT_FETCHED
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/manifest\.c2pa", item.media_facts.credentials.remote_url)


def test_no_file_outside_the_evidence_was_opened(batch: Batch) -> None:
    assert len(batch.baits) == 3
    assert batch.opened == set()


def test_nobody_was_connected_to(batch: Batch) -> None:
    assert batch.n_connections == 0


def test_ffmpeg_left_to_itself_would_have_opened_the_neighbour(tmp_path: Path) -> None:
    """Else the tests above would show nothing."""
    target = write_clip(tmp_path / "film.mp4", n_frames=12)
    redirections.write_playlists(tmp_path, target, "127.0.0.1:9")
    redirections.write_alias(tmp_path / "alias.mov", target)
    for name, options in (
        ("ffconcat-relative.mp4", {"safe": "0"}),
        ("alias.mov", {"enable_drefs": "1", "use_absolute_path": "1"}),
    ):
        with OpenWatch([target]) as watch, av.open(str(tmp_path / name), options=options) as container:
            assert len(list(container.decode(video=0))) == 12
            assert watch.opened() == {target}


def test_the_server_counts_who_connects() -> None:
    with bait_server() as server:
        host, _, port = server.address.partition(":")
        with socket.create_connection((host, int(port))) as connection:
            assert connection.recv(1) == b""
        assert server.n_connections == 1
