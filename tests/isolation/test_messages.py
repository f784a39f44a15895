"""Messages of a worker that decodes in one thread and sends from another."""

import socket
import threading
import time

from forensic_cli.isolation.messages import Channel, Kind

FAR_S = 60.0
PIXELS = bytes(8_000_000)


def test_progress_is_never_written_into_the_middle_of_another_message() -> None:
    near, far = socket.socketpair()
    sender, receiver = Channel(near), Channel(far)
    is_sending = threading.Event()

    def send() -> None:
        is_sending.set()
        sender.send(Kind.FRAME, {"n": 1}, [memoryview(PIXELS)])

    thread = threading.Thread(target=send)
    thread.start()
    is_sending.wait()
    time.sleep(0.05)  # more than a socket's buffer is under way, and nobody reads
    began_s = time.monotonic()
    sender.send_progress()
    assert time.monotonic() - began_s < FAR_S / 2  # it does not wait for the reader
    kind, text, pixels = receiver.receive(time.monotonic() + FAR_S, len(PIXELS))
    thread.join()
    assert (kind, text, bytes(pixels)) == (Kind.FRAME, b'{"n": 1}', PIXELS)
    sender.send_progress()
    assert receiver.receive(time.monotonic() + FAR_S, 0) == (Kind.PROGRESS, b"null", bytearray())
    sender.close()
    receiver.close()


def test_messages_of_several_threads_arrive_whole() -> None:
    near, far = socket.socketpair()
    sender, receiver = Channel(near), Channel(far)

    def send(number: int) -> None:
        for _ in range(20):
            sender.send(Kind.FRAME, number, [memoryview(bytes([number]) * 100_000)])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(80):
        _, text, pixels = receiver.receive(time.monotonic() + FAR_S, 100_000)
        assert set(pixels) == {int(text)}
    for thread in threads:
        thread.join()
    sender.close()
    receiver.close()


def test_signs_of_life_that_nobody_reads_do_not_hold_the_worker_up() -> None:
    near, far = socket.socketpair()
    worker, host = Channel(near), Channel(far)
    n_told = 5000
    telling = threading.Thread(target=lambda: [worker.send_progress() for _ in range(n_told)], daemon=True)
    telling.start()
    telling.join(30)
    assert not telling.is_alive()
    # What was sent is whole, and a message that counts waits for room.
    last = threading.Thread(target=worker.send, args=(Kind.END, {"last": True}), daemon=True)
    last.start()
    kinds = [Kind.PROGRESS]
    while kinds[-1] is Kind.PROGRESS:
        kind, text, _ = host.receive(time.monotonic() + 30, 0)
        kinds.append(kind)
    assert (kind, text) == (Kind.END, b'{"last": true}')
    assert len(kinds) < n_told
    last.join(30)
    worker.close()
    host.close()
