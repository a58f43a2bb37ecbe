"""The host file: which host of a cluster does what."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sightline.errors import ConfigurationError

_NVIDIA = Path("/proc/driver/nvidia/gpus")
HOSTS_FILE = Path(__file__).parent / "hosts.yaml"


class Role(StrEnum):
    """What a host is for. The values are also the names of Ray resources, by which actors are placed."""

    STREAMS = "streams"
    """Camera streams, the writer, and the questions over HTTP."""
    STAGES = "stages"
    """Triton, and next to it the stage actors that call it."""


class Host(BaseModel):
    """One host's part of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: tuple[Role, ...] = Field(min_length=1)
    cpus: int | None = Field(default=None, ge=1)
    gpus: int | None = Field(default=None, ge=0)
    object_store_mb: int | None = Field(default=None, ge=80)
    dashboard: bool = True
    """On the head: Ray's own dashboard, a dozen processes and a gigabyte."""

    def resources(self) -> dict[str, float]:
        """The Ray resources that it offers: for each role as many as it has cores."""
        cores = float(self.cpus or os.cpu_count() or 1)
        return {role.value: cores for role in self.roles}


class HostFile(BaseModel):
    """The file as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    others: tuple[Role, ...] = Field(default=(Role.STREAMS,), min_length=1)
    hosts: dict[str, Host] = {}

    @classmethod
    def read(cls, path: Path = HOSTS_FILE) -> HostFile:
        """Read it.

        Raises:
            ConfigurationError: it cannot be read, or says something that nobody understands.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()) or {})
        except (OSError, yaml.YAMLError) as error:
            raise ConfigurationError(f"the host file {path} cannot be read: {error}") from error
        except ValidationError as error:
            first: Any = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(f"the host file {path}: {where}: {first['msg']}") from error

    def of(self, names: Collection[str]) -> Host:
        """The part of the host that has these names and addresses; one that is not named is taken to be this machine."""
        for name, host in self.hosts.items():
            if name in names:
                return host
        return Host(roles=(Role.STAGES,) if _NVIDIA.exists() else self.others)


def own_names() -> set[str]:
    """This host's names, and the addresses of its interfaces."""
    addresses = {entry.address for entries in psutil.net_if_addrs().values() for entry in entries}
    return {socket.gethostname(), socket.getfqdn(), *addresses}


def address_towards(other: str) -> str:
    """This host's address as ``other`` sees it; nothing is sent.

    Raises:
        ConfigurationError: there is no way to it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((other, 9))
        except OSError as error:
            raise ConfigurationError(f"this host has no way to {other}: {error}") from error
        return str(probe.getsockname()[0])
