"""Routes: Flask's blueprint with what each operation takes, gives and asks of its caller said beside it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from muster_shared.auth.guards import Guard

Handler = Callable[..., Any]
_PROVIDED = frozenset({"body", "query", "session", "within", "principal", "request_id"})


@dataclass(frozen=True)
class Operation:
    """One method of one path. `path` is in Flask's notation, `takes` the media type of a body that no model reads."""

    method: str
    path: str
    handler: Handler
    guard: Guard
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, Any] = field(default_factory=dict)
    errors: Sequence[int] = ()
    idempotent: bool = False
    sensitive: bool = False
    form: bool = False
    takes: str | None = None
    hidden: bool = False
    summary: str = ""
    tag: str = ""
    name: str = ""
    wants: frozenset[str] = frozenset()
    max_body_bytes: int = 256 * 1024


class Routes:
    """A feature's operations, in the order they were declared."""

    def __init__(self, name: str, *, prefix: str = "", tag: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.tag = tag or name
        self.operations: list[Operation] = []

    def operation(self, method: str, path: str, *, guard: Guard, **rest: Any) -> Callable[[Handler], Handler]:
        """Registers the decorated handler; `rest` is what `Operation` has.

        The handler is called with the keyword arguments it names: path parameters, `body`, `query`,
        `session` (one transaction around it, committed before the answer is sent), `within` (the same for a call
        with an idempotency key, None for one without: for who writes with one statement), `principal`, `request_id`.
        """

        def register(handler: Handler) -> Handler:
            wants = frozenset(inspect.signature(handler).parameters)
            if rest.get("idempotent") and not wants & {"session", "within"}:
                raise TypeError(f"{handler.__qualname__}: an idempotent operation works in `session` or `within`")
            for name in ("body", "query"):
                if (name in wants) != (rest.get(name) is not None):
                    raise TypeError(f"{handler.__qualname__}: `{name}` is declared on one side only")
            self.operations.append(
                Operation(
                    method=method,
                    path=self.prefix + path,
                    handler=handler,
                    guard=guard,
                    tag=self.tag,
                    name=f"{self.name}.{handler.__name__}",
                    wants=wants & _PROVIDED,
                    **rest,
                )
            )
            return handler

        return register

    def get(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """GET, and HEAD by it."""
        return self.operation("GET", path, **rest)

    def post(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """POST."""
        return self.operation("POST", path, **rest)

    def put(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """PUT."""
        return self.operation("PUT", path, **rest)

    def patch(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """PATCH."""
        return self.operation("PATCH", path, **rest)

    def delete(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """DELETE."""
        return self.operation("DELETE", path, **rest)

    def page(self, path: str, **rest: Any) -> Callable[[Handler], Handler]:
        """GET of a page for people; left out of the API's description."""
        return self.operation("GET", path, hidden=True, **rest)
