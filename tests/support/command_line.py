"""The command line as a person uses it: processes of its own, with a settings file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.local import process
from infra.local.records import read_records
from sightline.settings import LocalPorts, Settings, load_settings, merge

PROGRAM = (sys.executable, "-c", "from sightline.cli import main; main()")
ANY_PORTS = dict.fromkeys(LocalPorts.model_fields, 0)


@dataclass(frozen=True)
class CommandLine:
    """``sightline`` with the settings file ``<folder>/sightline.yaml`` and the state folder ``<folder>/state``."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, **sections: Any) -> CommandLine:
        """Write the settings: any free ports, and ``sections``."""
        own = {"local": {"state_dir": str(folder / "state"), "ports": ANY_PORTS}, "serving": {"port": 0}}
        (folder / "sightline.yaml").write_text(yaml.safe_dump(merge(own, sections)))
        return cls(folder)

    @property
    def settings(self) -> Settings:
        """As the commands see them now, with the addresses of what runs."""
        return load_settings(self.folder / "sightline.yaml")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SIGHTLINE_CONFIG": str(self.folder / "sightline.yaml"), "COLUMNS": "160"}

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command; its output can be read while it runs."""
        command = [*PROGRAM, *map(str, arguments)]
        return subprocess.Popen(
            command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str | Path, code: int = 0, timeout_s: float = 400.0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; it must end with ``code``."""
        started = self.start(*arguments)
        out, errors = started.communicate(timeout=timeout_s)
        assert started.returncode == code, f"sightline {' '.join(map(str, arguments))}: {started.returncode}\n{out}{errors}"
        return subprocess.CompletedProcess(started.args, started.returncode, out, errors)

    def succeeds(self, *arguments: str | Path, timeout_s: float = 400.0) -> bool:
        """Whether a command, run to its end, ends well."""
        started = self.start(*arguments)
        started.communicate(timeout=timeout_s)
        return started.returncode == 0

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The one JSON document that a command prints."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def left_running(self) -> list[str]:
        """Servers that were started and still run."""
        records = read_records(self.folder / "state")
        return [name for name, record in records.items() if process.is_alive(record.process)]
