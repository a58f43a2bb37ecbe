"""What one server of the local stack is: how it is installed, started, asked for its health, and reached."""

from __future__ import annotations

import hashlib
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from infra.local.cache import Say
from sightline.settings import Settings

Ports = Mapping[str, int]
"""Name of a port -> number, as chosen for this run of the server."""

Layer = Mapping[str, Mapping[str, str]]
"""Section -> setting -> value: the addresses that a server adds to the settings."""

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (compared with, never listened on)


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a process.

    Attributes:
        command: program and arguments.
        environment: variables on top of ours.
        search: variables that are lists of folders (``PATH``): what is put before ours.
        files: configuration that the program reads: path -> text.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    search: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Changes when a running server would have to be started anew to do what the settings say."""
        whole = (self.command, sorted(self.environment.items()), sorted(self.search.items()))
        files = sorted((str(path), text) for path, text in self.files.items())
        return hashlib.sha256(repr((whole, files)).encode()).hexdigest()[:16]

    def full_environment(self) -> dict[str, str]:
        """Our environment with the launch's own over it; our settings stay out, since each server gets its own."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
        search = {name: f"{first}:{ours[name]}" if ours.get(name) else first for name, first in self.search.items()}
        return ours | dict(self.environment) | search

    def write_files(self) -> None:
        """Write the configuration."""
        for path, text in self.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


@dataclass(frozen=True, slots=True)
class Health:
    """What a server said when it was asked.

    Attributes:
        version: of the server's software.
        detail: a short line for people.
    """

    version: str
    detail: str = ""


class LocalService(ABC):
    """One server. Making it does nothing; the methods are called in their order here.

    Attributes:
        name: as in ``sightline status``.
        stop_grace_s: how long it may take to end by itself.
        most_starts: how often it is started before it counts as broken: more than once where busy machines end it.
    """

    name: ClassVar[str]
    stop_grace_s: ClassVar[float] = 10.0
    most_starts: ClassVar[int] = 1

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state_dir = settings.local.state_dir.expanduser().absolute()
        self.folder = self.state_dir / self.name
        self.bind_host = settings.local.bind_host

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.state_dir / "logs" / f"{self.name}.log"

    @property
    def host(self) -> str:
        """The address at which this machine reaches the server."""
        return "127.0.0.1" if self.bind_host in WILDCARDS else self.bind_host

    @property
    def public_host(self) -> str:
        """The name that the server gives to its clients."""
        return socket.gethostname() if self.bind_host in WILDCARDS else self.bind_host

    @abstractmethod
    def external(self, settings: Settings) -> str | None:
        """The address of an existing server that ``settings`` names; None = the local one is meant."""

    @abstractmethod
    def usual_ports(self) -> Ports:
        """The ports to try first; 0 = any."""

    @abstractmethod
    def prepare(self, say: Say) -> None:
        """Install what is missing.

        Raises:
            ConfigurationError: it cannot be installed; the message says what a person must do.
        """

    @abstractmethod
    def launch(self, ports: Ports) -> Launch:
        """How to start it so that it listens on ``ports``. Changes nothing: also asked of a server that runs."""

    def initialise(self) -> None:  # noqa: B027 (most have nothing to do)
        """Make its folder fit for a start, once its configuration is written and it does not run."""

    def tidy(self) -> None:  # noqa: B027 (most have nothing to do)
        """Remove what it left outside its folder, once it has ended."""

    @abstractmethod
    def addresses(self, ports: Ports) -> Layer:
        """The settings that reach the server when it listens on ``ports``."""

    @abstractmethod
    def url(self, settings: Settings) -> str:
        """Where the server is, for people."""

    @abstractmethod
    def probe(self, settings: Settings) -> Health:
        """Ask the server that ``settings`` names.

        Raises:
            ServiceError: it does not answer, or not well.
        """

    def settle(self, settings: Settings) -> None:  # noqa: B027 (most have nothing to do)
        """Put in place what the product needs on a server that answers; repeated calls are harmless."""
