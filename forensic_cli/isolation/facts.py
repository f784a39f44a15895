"""The factsheet that a worker sends, awaited no longer than an item's limits allow."""

from __future__ import annotations

import time

from forensic_cli.config import IsolationSettings
from forensic_cli.factsheet import Factsheet
from forensic_cli.isolation.messages import Channel, Fault, Kind, MessageError, parse
from forensic_cli.isolation.remote import FaultError, OverdueError, StalledError


def receive_facts(channel: Channel, limits: IsolationSettings) -> Factsheet:
    """Waits for the one factsheet of a worker.

    Raises:
        StalledError, OverdueError, FaultError, MessageError, ChannelClosedError: there will be none.
    """
    end_s = time.monotonic() + limits.total_s
    while True:
        stall_s = time.monotonic() + limits.stall_s
        try:
            kind, text, _ = channel.receive(min(stall_s, end_s), 0)
        except TimeoutError as error:
            raise (StalledError if stall_s < end_s else OverdueError) from error
        if kind is Kind.FACTS:
            return parse(Factsheet, text)
        if kind is Kind.FAULT:
            raise FaultError(parse(Fault, text))
        if kind is not Kind.PROGRESS:
            raise MessageError(f"a message {kind.name} where the facts were due")
