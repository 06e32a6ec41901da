"""A server is killed while spans come in: what it had acknowledged stands, and what is sent again counts once."""

from __future__ import annotations

import http.client
import signal
import threading
from pathlib import Path

from tests.intake.otlp.told import CHAT, request
from tests.stories.served import Served, end, serve
from trivium.facts.instants import now

HEADERS = {"content-type": "application/x-protobuf"}
SENDERS, REQUESTS, SPANS = 4, 40, 5
KILLED_AFTER = 12
"""Answers after which the server is killed."""


def bodies(sender: int) -> list[bytes]:
    """Make the requests of one sender; every span is a call of 1,000 tokens."""
    begin = now() - 3_600_000_000
    return [
        request(*(
            {"trace": f"{sender + 1:016x}{number:016x}", "span": f"{place + 1:016x}", "attributes": CHAT, "at": begin}
            for place in range(SPANS)
        )).SerializeToString()
        for number in range(1, REQUESTS + 1)
    ]  # fmt: skip


class Sender(threading.Thread):
    """Sends requests one after the other until the server is gone; counts those that were acknowledged."""

    def __init__(self, served: Served, number: int, answered: threading.Semaphore) -> None:
        super().__init__()
        self.served, self.bodies, self.answered = served, bodies(number), answered
        self.acknowledged = 0
        self.start()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=30)
        try:
            for body in self.bodies:
                connection.request("POST", "/v1/traces", body, HEADERS)
                assert connection.getresponse().read() == b""
                self.acknowledged += 1
                self.answered.release()
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def test_acknowledged_spans_survive_a_kill_and_repeats_count_once(tmp_path: Path) -> None:
    served, answered = serve(tmp_path / "home"), threading.Semaphore(0)
    try:
        senders = [Sender(served, number, answered) for number in range(SENDERS)]
        for _ in range(KILLED_AFTER):
            assert answered.acquire(timeout=60)
        served.process.send_signal(signal.SIGKILL)
        served.process.wait(30)
        for sender in senders:
            sender.join(60)
    finally:
        end(served)
    acknowledged = sum(sender.acknowledged for sender in senders)
    again = serve(tmp_path / "home")
    try:
        stood = again.json("/api/trivium/v1/usage")["requests"]
        assert acknowledged * SPANS <= stood <= SENDERS * REQUESTS * SPANS
        for number in range(SENDERS):
            for body in bodies(number):
                assert again.ask("/v1/traces", body, HEADERS)[0] == 200
        found = again.json("/api/trivium/v1/usage")
        assert (found["requests"], found["input_tokens"]) == (
            SENDERS * REQUESTS * SPANS, SENDERS * REQUESTS * SPANS * 1_000,
        )  # fmt: skip
        assert again.json("/api/trivium/v1/doctor")["ok"]
    finally:
        end(again)
    staging = list((tmp_path / "home" / "lake" / "staging").iterdir())
    assert staging == [], "a closed server leaves nothing staged"
