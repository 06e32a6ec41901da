"""Which route answers a request for one of the fixed paths at the head of the route table: one look says it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class FixedFirst:
    """Answers the first routes of a table while they have fixed paths; all else goes to the router over the table.

    The router would match the same route, and the route's own application answers, behind its policy.
    """

    def __init__(self, routes: Iterable[BaseRoute], router: ASGIApp) -> None:
        self._router = router
        self._routes: dict[tuple[str, str], Route] = {}
        for route in takewhile(_is_fixed, routes):
            assert isinstance(route, Route)
            for method in route.methods or ():
                self._routes.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = None
        if scope["type"] == "http" and not scope.get("root_path"):
            route = self._routes.get((scope["method"], scope["path"]))
        if route is None:
            await self._router(scope, receive, send)
            return
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.endpoint, {}
        await route.app(scope, receive, send)


def _is_fixed(route: BaseRoute) -> bool:
    return isinstance(route, Route) and not route.param_convertors
