"""The nursery: a clean process that has loaded the decoders and makes the workers of each item.

It is started afresh and not forked off the host, whose memory holds the model, the case and the results of
earlier items. It never opens a file of the evidence: it only hands descriptors on. So each worker begins
in the same clean state, whatever the item before it did, and costs milliseconds, since all is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import NoReturn

from forensic_cli.config import DetectorName, FaceSettings
from forensic_cli.evidence.records import from_jsonable
from forensic_cli.faces.dlib_detectors import DlibHogDetector
from forensic_cli.isolation.confine import confine, die_with_parent
from forensic_cli.isolation.messages import Channel
from forensic_cli.isolation.stream import use_one_opencv_thread
from forensic_cli.isolation.worker import EXIT_DEFECT, EXIT_OUT_OF_MEMORY, Task, is_out_of_memory, work

LENGTH = struct.Struct(">I")
# The number of a worker that has ended, and how.
STATUS = struct.Struct(">Ii")
READY = b"R"
_REAP_TIMEOUT_S = 1.0
# What libraries, and readers of some formats, import where they are first used. Each worker would do that
# anew, for 10 to 30 ms an item. Pillow's plug-ins are those of the formats that are read, beside its common
# ones: it imports all that it has, where one of them is missing. `c2pa` is an extra: without it, Content
# Credentials are "not checked".
_IMPORTED_LATE = (
    "av.subtitles.stream",
    "c2pa",
    "encodings.unicode_escape",
    "numpy.ma",
    "PIL.ImageCms",
    "PIL.MpoImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
)


def main(control_descriptor: int, forks: bool) -> None:
    """Serves the host until it hangs up.

    Args:
        control_descriptor: of the connection to the host.
        forks: make a worker of a copy of this process for each errand; False makes one of this process
            itself, for the one errand.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    with socket.socket(fileno=control_descriptor) as control:
        faces: FaceSettings = from_jsonable(FaceSettings, json.loads(_receive(control)[0]))
        _load(faces)
        control.sendall(READY)
        _Workers(control, forks).serve()


def _load(faces: FaceSettings) -> None:
    """Loads, before the first item, what every worker would have to load for itself."""
    import av.video.frame  # noqa: F401
    from PIL import Image

    import forensic_cli.media.facts.image
    import forensic_cli.media.facts.video
    import forensic_cli.media.images
    import forensic_cli.media.videos  # noqa: F401

    Image.preinit()
    for name in _IMPORTED_LATE:
        # Another release of a library may have no such module; then a worker imports what takes its place.
        with suppress(ImportError):
            importlib.import_module(name)
    use_one_opencv_thread()
    if faces.detector is DetectorName.DLIB_HOG:
        DlibHogDetector.warm_up(faces.n_threads)


def _receive(control: socket.socket, n_descriptors: int = 0) -> tuple[bytes, list[int]]:
    """One request of the host with its descriptors; ends the process when the host has hung up."""
    start, descriptors, _, _ = socket.recv_fds(control, LENGTH.size, n_descriptors)
    if len(start) < LENGTH.size:
        sys.exit(0)
    (n_bytes,) = LENGTH.unpack(start)
    content = bytearray()
    while len(content) < n_bytes:
        part = control.recv(n_bytes - len(content))
        if not part:
            sys.exit(0)
        content += part
    return bytes(content), descriptors


class _Workers:
    """The workers of a nursery, made as the host asks for them and seen off as they end."""

    def __init__(self, control: socket.socket, forks: bool) -> None:
        self._control, self._forks = control, forks
        self._n_made = 0
        # By the descriptor that tells of the end of each: its number, and its process.
        self._running: dict[int, tuple[int, int]] = {}
        self._poller = select.poll()
        self._poller.register(control, select.POLLIN)

    def serve(self) -> NoReturn:
        """Until the host hangs up; then no worker is left."""
        try:
            while True:
                for descriptor, _ in self._poller.poll():
                    if descriptor == self._control.fileno():
                        self._make()
                    else:
                        self._see_off(descriptor)
        finally:
            for _, worker in self._running.values():
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)

    def _make(self) -> None:
        content, (evidence, channel) = _receive(self._control, 2)
        task: Task = from_jsonable(Task, json.loads(content))
        if not self._forks:
            _become_worker(task, evidence, channel, self._control.fileno(), end_with_host=True)
        # The writing end lives in the worker alone: it closes when the worker is gone.
        gone, alive = os.pipe()
        worker = os.fork()
        if worker == 0:
            _become_worker(task, evidence, channel, alive)
        for descriptor in (evidence, channel, alive):
            os.close(descriptor)
        self._running[gone] = (self._n_made, worker)
        self._n_made += 1
        self._poller.register(gone, select.POLLIN)

    def _see_off(self, gone: int) -> None:
        self._poller.unregister(gone)
        os.close(gone)
        number, worker = self._running.pop(gone)
        deadline_s = time.monotonic() + _REAP_TIMEOUT_S
        while True:
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                break
            # One that ends closes its descriptors just before. One that was taken over may close them and live
            # on: it must not keep the nursery from the worker beside it.
            if time.monotonic() > deadline_s:
                os.kill(worker, signal.SIGKILL)
            time.sleep(0.001)
        self._control.sendall(STATUS.pack(number, os.waitstatus_to_exitcode(status)))


def _become_worker(
    task: Task, evidence: int, channel: int, lifeline: int, end_with_host: bool = False
) -> NoReturn:
    """Reads the item, confined, and ends the process: nothing of it returns.

    Args:
        lifeline: a descriptor that stays open while the worker lives.
        end_with_host: it is the connection to the host, whose end nobody else watches.
    """
    code = EXIT_DEFECT
    try:
        die_with_parent()
        confine(task.memory_mib, (evidence, channel, lifeline))
        if end_with_host:
            threading.Thread(target=_exit_at_hang_up, args=(lifeline,), daemon=True).start()
        work(task, evidence, Channel(socket.socket(fileno=channel)))
        code = 0
    except BaseException as error:  # noqa: BLE001 - the edge of a process: what is raised becomes its exit code
        code = EXIT_OUT_OF_MEMORY if is_out_of_memory(error) else EXIT_DEFECT
    finally:
        os._exit(code)


def _exit_at_hang_up(control: int) -> None:
    os.read(control, 1)
    os._exit(EXIT_DEFECT)
