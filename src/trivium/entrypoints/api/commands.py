"""What changes something over HTTP: declaring, closing a month, importing a bill; each with the answer it gives."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from trivium.entrypoints.answers import close_month, declare, import_focus, ledger_rebuild
from trivium.entrypoints.answers.rooms import Rooms
from trivium.entrypoints.api.body import read_body
from trivium.entrypoints.api.questions import bad_parameter, read_params
from trivium.entrypoints.policies import CHANGE, UPLOAD, Policy
from trivium.facts.bounds import check_bounds, decode, malformed
from trivium.facts.problem import refuse, shown

Endpoint = Callable[[Request], Awaitable[Response]]
_KEPT: Final = 1_000
_KEY_MAX: Final = 256


@dataclass(frozen=True)
class Command:
    """One command: `body` is the record of its JSON body, None where bytes are sent; `keyed` takes Idempotency-Key."""

    name: str
    path: str
    summary: str
    params: type[msgspec.Struct]
    body: type[msgspec.Struct] | None
    answer: type[msgspec.Struct]
    policy: Policy
    keyed: bool = True


class Nothing(msgspec.Struct, frozen=True):
    """No query parameter."""


DECLARE: Final = Command(
    "declare", "/declare", "State what no client can know; the difference to what holds is applied, or only shown.",
    Nothing, declare.Params, declare.Answer, CHANGE,
)  # fmt: skip
CLOSE: Final = Command(
    "cost_close", "/cost/close", "Close a month: it never moves again.",
    Nothing, close_month.Params, close_month.Answer, CHANGE,
)  # fmt: skip

REBUILD: Final = Command(
    "ledger_rebuild", "/ledger/rebuild", "Make the projections again from the facts, and compare.",
    Nothing, ledger_rebuild.Params, ledger_rebuild.Answer, CHANGE, keyed=False,
)  # fmt: skip


class UploadParams(import_focus.Params, frozen=True, kw_only=True):
    """How the uploaded bytes are to be read."""

    name: import_focus.Name = ""


IMPORT: Final = Command(
    "import_focus", "/import/focus", "Import a FOCUS bill; the body is the file, or a tar of several files.",
    UploadParams, None, import_focus.Answer, UPLOAD, keyed=False,
)  # fmt: skip
COMMANDS: Final = (DECLARE, CLOSE, REBUILD, IMPORT)


class Keys:
    """Answers by Idempotency-Key, of the last thousand commands of this process.

    After a restart the commands themselves keep a repeat from adding anything: a declared statement that holds and a
    closed month are not entered again.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[str, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def once(self, command: Command, key: str, raw: bytes, answer: Callable[[], bytes]) -> bytes:
        """Answer a command once for each key; the same key with another body is refused (409)."""
        if not key:
            return answer()
        if len(key) > _KEY_MAX or not key.isprintable():
            raise refuse("bad_key", f"{shown(key)} is no idempotency key.", where="Idempotency-Key")
        digest = hashlib.sha256(raw).hexdigest()
        with self._lock:
            known = self._kept.get((command.name, key))
            if known is not None and known[0] != digest:
                title = f"The key {shown(key)} was used with another body."
                fix = "Use a new key for a new request."
                raise refuse("key_conflict", title, status=409, where="Idempotency-Key", fix=fix)
            if known is None:
                known = (digest, answer())
                self._kept[command.name, key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return known[1]


def command_endpoint(
    command: Command, ask: Callable[[Rooms, Any], msgspec.Struct], rooms: Rooms, keys: Keys
) -> Endpoint:
    """Make the handler of a command that takes a JSON body."""
    assert command.body is not None
    decoder = msgspec.json.Decoder(command.body)

    def decide(raw: bytes, key: str) -> bytes:
        check_bounds(raw)
        try:
            asked = decoder.decode(raw)
        except msgspec.ValidationError as fault:
            raise bad_parameter(fault, decode(raw), "$") from fault
        except (msgspec.DecodeError, RecursionError) as fault:
            raise malformed(raw, fault) from fault
        return keys.once(command, key, raw, lambda: msgspec.json.encode(ask(rooms, asked)))

    async def endpoint(request: Request) -> Response:
        read_params(request, command.params)
        raw = await read_body(request.scope, request.receive, command.policy.max_body)
        answer = await run_in_threadpool(decide, raw, request.headers.get("idempotency-key", ""))
        return Response(answer, media_type="application/json", headers={"cache-control": "private, no-store"})

    return endpoint
