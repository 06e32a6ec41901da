"""Who may do what at a route: the policy is a property of the matched route, and a route without one stops the start.

Until access control exists the server answers on the loopback only, to known host names; a policy then says what else
a request must be: from this server's own pages if a browser sent it, of a known content type, of bounded size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trivium.facts.bounds import MAX_BODY
from trivium.facts.problem import refuse, shown

_OWN_SITES: Final = frozenset({b"none", b"same-origin"})


@dataclass(frozen=True)
class Policy:
    """What a request to a route must be. `changes` says that it writes: then a page of another site may not send it."""

    name: str
    meaning: str
    changes: bool = False
    content_types: tuple[str, ...] = ()
    max_body: int = 0

    def check(self, scope: Scope) -> None:
        """Refuse (403, 415) a request that this policy does not allow; the body is bounded where it is read."""
        if not self.changes:
            return
        site, origin, host, kind = _sent(scope)
        if site not in _OWN_SITES:
            raise _foreign(f"The browser says that a page of another site sent it ({shown(site.decode('latin-1'))}).")
        if origin is not None and origin != b"%b://%b" % (scope["scheme"].encode(), host):
            raise _foreign(f"It comes from {shown(origin.decode('latin-1'))}, not from this server.")
        named = kind.partition(b";")[0].strip().lower().decode("latin-1")
        if self.content_types and named not in self.content_types:
            title = f"The content type is {shown(named)}." if named else "The request says no content type."
            fix = f"Send {' or '.join(self.content_types)}."
            raise refuse("bad_content_type", title, status=415, where="Content-Type", fix=fix)


OPEN: Final = Policy("open", "Anyone who reaches the server: health, and files of the page bundle.")
READ: Final = Policy("read", "Whoever may see everything; changes nothing.")
INGEST: Final = Policy(
    "ingest", "Clients that report what happened.", changes=True, content_types=("application/json",), max_body=MAX_BODY
)
REMOVE: Final = Policy(
    "ingest", "Clients that take back what they reported; a body is not needed.", changes=True, max_body=MAX_BODY
)
INGEST_FILE: Final = Policy(
    "ingest", "Clients that store a file of any type; its size is bounded where it is received.", changes=True
)
INGEST_SPANS: Final = Policy(
    "ingest",
    "Clients that report what happened.",
    changes=True,
    content_types=("application/x-protobuf", "application/json"),
    max_body=MAX_BODY,
)
CHANGE: Final = Policy(
    "change", "Whoever may declare and close.", changes=True, content_types=("application/json",), max_body=MAX_BODY
)
FORM: Final = Policy(
    "form",
    "Whoever may press a button that makes the server work; its fields are not read.",
    changes=True,
    content_types=("application/x-www-form-urlencoded",),
)
UPLOAD: Final = Policy(
    "upload",
    "Whoever may import bills.",
    changes=True,
    content_types=("application/octet-stream", "application/x-tar", "text/csv", "application/vnd.apache.parquet",
                   "application/gzip", "application/x-ndjson"),
)  # fmt: skip


class PolicyMissingError(RuntimeError):
    """Raised at start when a route has no policy."""


class Guarded:
    """An ASGI application behind a policy."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the policy, then answer."""
        self.policy.check(scope)
        await self.app(scope, receive, send)


def guard(route: BaseRoute, policy: Policy) -> Any:
    """Put a route (or a mounted application) behind a policy, and write it on it."""
    holder: Any = route
    assert not hasattr(holder, "policy"), f"{route} has a policy already"
    holder.app = Guarded(holder.app, policy)
    holder.policy = policy
    return holder


def guarded_route(path: str, endpoint: Any, policy: Policy, methods: Iterable[str] | None = None) -> Route:
    """Make a route behind a policy."""
    route: Route = guard(Route(path, endpoint, methods=list(methods) if methods else None), policy)
    return route


def leaves(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    """List all routes that can match, with their whole path; a mount with a policy of its own is one of them."""
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        below = None if hasattr(route, "policy") else getattr(route, "routes", None)
        if below:
            yield from leaves(below, path)
        else:
            yield path, route


def check_policies(routes: Iterable[BaseRoute]) -> None:
    """Stop the start when a route that can match has no policy."""
    missing = [path for path, route in leaves(routes) if not isinstance(getattr(route, "policy", None), Policy)]
    if missing:
        raise PolicyMissingError(f"These routes have no policy: {', '.join(missing)}. Guard each with one.")


def _sent(scope: Scope) -> tuple[bytes, bytes | None, bytes, bytes]:
    """Read Sec-Fetch-Site, Origin, Host and Content-Type in one pass; of a header sent twice the last counts."""
    site, origin, host, kind = b"none", None, b"", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"host":
            host = value
        elif name == b"origin":
            origin = value
        elif name == b"sec-fetch-site":
            site = value
    return site, origin, host, kind


def _foreign(title: str) -> Exception:
    fix = "Send it from a program, or from a page of this server."
    return refuse("foreign_origin", f"The request would change something. {title}", status=403, where="Origin", fix=fix)
