"""The page's interface to Python: ``Lab`` has services, whose methods the page calls by name.

A page (or any other caller without NumPy) sends "service.method" and keyword arguments made of
numbers, strings, lists, dicts and buffers. It gets back the same types, and arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any

from nets_core import checks
from nets_core.page.live import LiveNet
from nets_core.page.mnist import MnistData
from nets_core.page.models import Models
from nets_core.page.names import from_page, message_to_page, to_page
from nets_core.page.reading import Reading
from nets_core.page.training import Training
from nets_core.training import Diverged

if TYPE_CHECKING:  # a first prediction does not need these: each is imported when it is needed
    from nets_core.page.computing import Computing
    from nets_core.page.examination import Examinations
    from nets_core.page.runs import Runs
    from nets_core.page.steps import Steps
    from nets_core.page.workshop import Workshop
    from nets_core.playground.playground import Playground


class Lab:
    """The services that all clients share. Each is created when it is first used.

    Several pages may share one lab, each a client with an id. They share the nets, MNIST and the
    net in training; ``Client`` has the services that are separate for each client.
    """

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}

    def call(self, method: str, arguments: Mapping[str, Any], client: str = "") -> dict[str, Any]:
        """Call a service's public method, such as "reading.predict".

        Returns ``{"value": …}``, or ``{"error": {"type", "message"}}`` if the method raised one.
        ``client`` is the caller's id where several share the lab.
        """
        service, _, name = method.partition(".")
        owner = self if service in SHARED else self._client(client) if service in OWN else None
        found = getattr(owner, service) if owner else None
        function = getattr(type(found), name, None)
        if name.startswith("_") or not isinstance(function, FunctionType):
            return _error("TypeError", f"the lab has no method {checks.quoted(method)}")
        try:
            settings = {n: from_page(v) for n, v in arguments.items() if isinstance(v, Mapping)}
        except ValueError as error:
            return _error("ValueError", str(error))
        try:
            return {"value": to_page(function(found, **{**arguments, **settings}))}
        except (ValueError, TypeError, MemoryError, Diverged) as error:
            message = checks.shortened(str(error) or "there is not enough memory for this")
            return _error(type(error).__name__, message_to_page(message) if settings else message)

    def leave(self, client: str) -> None:
        """Delete this client's own services; it will not call again."""
        self._clients.pop(client, None)

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            self._clients[name] = Client(self.models, self._live, self.mnist)
        return self._clients[name]

    @cached_property
    def models(self) -> Models:
        return Models()

    @cached_property
    def _live(self) -> LiveNet:  # shared by services, but not a service itself
        return LiveNet(self.models)

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.models)

    @cached_property
    def mnist(self) -> MnistData:
        return MnistData()

    @cached_property
    def training(self) -> Training:
        return Training(self._live, self.models, self.mnist, self.reading)

    @cached_property
    def runs(self) -> Runs:
        from nets_core.page.runs import Runs

        return Runs(self._live, self.mnist)

    @cached_property
    def examination(self) -> Examinations:
        from nets_core.page.examination import Examinations

        return Examinations(self.models, self._live, self.mnist)

    @cached_property
    def computing(self) -> Computing:
        from nets_core.page.computing import Computing

        return Computing(self._live)


class Client:
    """The services that are separate for each client."""

    def __init__(self, models: Models, live: LiveNet, mnist: MnistData) -> None:
        self._models = models
        self._live = live
        self._mnist = mnist

    @cached_property
    def steps(self) -> Steps:
        from nets_core.page.steps import Steps

        return Steps(self._models, self._live, self._mnist)

    @cached_property
    def workshop(self) -> Workshop:
        from nets_core.page.workshop import Workshop

        return Workshop(lambda: self._mnist.loaded)

    @cached_property
    def playground(self) -> Playground:
        from nets_core.playground.playground import Playground

        return Playground()


def _services(owner: type) -> frozenset[str]:
    return frozenset(
        name
        for name, value in vars(owner).items()
        if isinstance(value, cached_property) and not name.startswith("_")
    )


HEAD, TAIL = 400, 180
"""The characters that are kept of a long message, which quotes what a caller gave."""


def _error(kind: str, message: str) -> dict[str, Any]:
    if len(message) > HEAD + TAIL:
        message = f"{message[:HEAD]} … {message[-TAIL:]}"
    return {"error": {"type": kind, "message": message}}


SHARED, OWN = _services(Lab), _services(Client)
"""The names of the services: shared by all clients, and separate for each."""
