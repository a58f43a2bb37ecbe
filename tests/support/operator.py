"""Somebody who runs a cluster: a checkout and a home of their own, and the commands that the documentation tells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.hosts import HostNetwork

REPOSITORY = Path(__file__).resolve().parents[2]
_SIGHTLINE = "import sys; from sightline.cli import main; sys.exit(main())"


@dataclass
class Operator:
    """Commands run in ``checkout`` with ``home`` as HOME; ``said`` is what the last one printed."""

    folder: Path
    network: HostNetwork
    settings: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    errors: str = ""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def checkout(self) -> Path:
        return self.folder / "sightline"

    @property
    def cluster_file(self) -> Path:
        return self.checkout / "ray_cluster.yaml"

    def set_up(self, head: str, workers: list[str], hosts: Mapping[str, Any]) -> None:
        """Check out, put the addresses into the cluster's file and the host file, and make the token."""
        self.home.mkdir(parents=True)
        wanted = [*yaml.safe_load((REPOSITORY / "ray_cluster.yaml").read_text())["file_mounts"].values(), "./ray_cluster.yaml"]
        for source in (REPOSITORY / path for path in wanted if path.startswith("./")):
            if source.is_dir():
                shutil.copytree(source, self.checkout / source.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, self.checkout / source.name)
        text = self.cluster_file.read_text()
        for theirs, ours in (
            ("head_ip: 10.0.0.10", f"head_ip: {head}"),
            ("  - 10.0.0.11\n  - 10.0.0.12\n", "".join(f"  - {worker}\n" for worker in workers)),
            ("ssh_user: sightline", f"ssh_user: {os.environ.get('USER', 'root')}"),
            ("~/.ssh/id_ed25519", str(self.network.key)),
        ):
            assert theirs in text, f"{theirs} is no longer in the cluster's file"
            text = text.replace(theirs, ours)
        self.cluster_file.write_text(text)
        (self.checkout / "infra" / "ray" / "hosts.yaml").write_text(yaml.safe_dump({"hosts": dict(hosts)}))
        self.ray("get-auth-token", "--generate")

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        """The checkout's ``sightline.yaml``."""
        plain = json.loads(json.dumps(settings, default=str))
        (self.checkout / "sightline.yaml").write_text(yaml.safe_dump(plain))

    def add_worker(self, address: str) -> None:
        """One line more in the cluster's file."""
        line = "  worker_ips:\n"
        self.cluster_file.write_text(self.cluster_file.read_text().replace(line, f"{line}  - {address}\n"))

    def ray(self, *arguments: str, timeout_s: float = 600) -> str:
        """A command of Ray's."""
        return self._run([sys.executable, "-m", "ray.scripts.scripts", *arguments], timeout_s)

    def sightline(self, *arguments: str, timeout_s: float = 300, check: bool = True, **settings: str) -> str:
        """A command of ours, with these settings of the environment besides."""
        return self._run([sys.executable, "-c", _SIGHTLINE, *arguments], timeout_s, settings, check=check)

    def status(self) -> dict[str, Any]:
        """What ``sightline deploy --status --json`` says."""
        for attempt in range(3):  # of a head that is only just there
            self.sightline("deploy", "--status", "--json", check=False)
            if self.said:
                document: dict[str, Any] = json.loads(self.said)
                return document
            time.sleep(2 * attempt)
        raise RuntimeError(f"no status: {self.said}{self.errors}")

    def _run(
        self, command: list[str], timeout_s: float, settings: Mapping[str, str] | None = None, *, check: bool = True
    ) -> str:
        environment = {
            **os.environ,
            **self.settings,
            **(settings or {}),
            "HOME": str(self.home),
            "PYTHONPATH": str(self.checkout),
            "RAY_AUTH_MODE": "token",
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        done = subprocess.run(
            command, cwd=self.checkout, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        self.said, self.errors = done.stdout, done.stderr[-4000:]
        if check and done.returncode:
            raise RuntimeError(
                f"{' '.join(command[-4:])} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
            )
        return done.stdout
