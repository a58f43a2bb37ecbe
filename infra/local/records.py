"""What the stack knows of the servers that it started: ``<state_dir>/services.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.process import ProcessId
from sightline.errors import ConfigurationError

SERVICES_FILE = "services.json"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One server that ``sightline up`` started.

    Attributes:
        pid: of its process, and number of its session.
        birth: with the pid, names the process for all time (:class:`infra.local.process.ProcessId`).
        start_time: Unix time, seconds; for people.
        ports: name -> number; kept, so that a server that died comes back where its clients look for it.
        url: where it is; empty until it answered.
        version: of its software; empty until it answered.
        log: path of its log.
        fingerprint: of how it was started; another one means that the settings have changed.
        addresses: section -> setting -> value that reaches it.
    """

    pid: int
    birth: str
    start_time: float
    ports: Mapping[str, int]
    log: str
    fingerprint: str = ""
    url: str = ""
    version: str = ""
    addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def process(self) -> ProcessId:
        return ProcessId(self.pid, self.birth)


def read_records(state_dir: Path) -> dict[str, ServiceRecord]:
    """Service name -> its record; empty where nothing was started.

    Raises:
        ConfigurationError: the file is damaged.
    """
    path = state_dir / SERVICES_FILE
    try:
        return {name: ServiceRecord(**values) for name, values in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} is damaged ({error}): end the servers that it names by hand and delete it") from error


def write_records(state_dir: Path, records: Mapping[str, ServiceRecord]) -> None:
    """Replace the file, whole or not at all."""
    write_whole(state_dir / SERVICES_FILE, json.dumps({name: asdict(record) for name, record in records.items()}, indent=2))


def write_whole(path: Path, text: str) -> None:
    """Write a file that readers see either as it was or complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    partial.write_text(text)
    partial.replace(path)
