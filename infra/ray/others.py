"""The other hosts of a cluster, from its head: reached as Ray itself reaches them."""

from __future__ import annotations

import json
import logging
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.ray.launch import BOOTSTRAP_CONFIG
from sightline.errors import ServiceError

log = logging.getLogger(__name__)

_BOOTSTRAP_KEY = Path("~/ray_bootstrap_key.pem")
_OPTIONS = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5")
_COMMAND_S = 600.0


def bootstrap_config() -> dict[str, Any]:
    """The cluster's file as ``ray up`` left it on the head; empty elsewhere."""
    path = BOOTSTRAP_CONFIG.expanduser()
    config: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return config


@dataclass(frozen=True, slots=True)
class OtherHosts:
    """Hosts by address, with the user and the key of the cluster's file."""

    user: str
    key: Path | None

    @classmethod
    def of_cluster(cls) -> OtherHosts:
        """As the file on this head says."""
        key = _BOOTSTRAP_KEY.expanduser()
        return cls(str(bootstrap_config().get("auth", {}).get("ssh_user", "")), key if key.exists() else None)

    def stop(self, hosts: Iterable[str]) -> None:
        """Take them out of the cluster; one that cannot be reached ends itself when it has missed the head for long."""
        there = shlex.join([sys.executable, "-m", "infra.ray.host", "stop"])
        self._each("was not stopped", hosts, lambda host: self._run(host, f"cd {shlex.quote(str(Path.cwd()))} && {there}"))

    def bring_code(self, hosts: Iterable[str]) -> None:
        """Give them this host's checkout, and install it there; what runs goes on with what it has loaded.

        Ray's monitor brings files to hosts that join, and to the others only when the cluster's file has changed.
        """
        self._each("goes on with the code that it had", hosts, self._bring)

    def take_in(self, host: str, *, head: str) -> None:
        """All that Ray's monitor does with a host that joins.

        Raises:
            ServiceError: a step failed.
        """
        self._bring(host)
        for command in bootstrap_config().get("worker_start_ray_commands", []):
            self._run(host, f"export RAY_HEAD_IP={head}; {command}")

    def _bring(self, host: str) -> None:
        """The files of the cluster's file, and its set-up."""
        config = bootstrap_config()
        sent = [Path(path).expanduser() for path in config.get("file_mounts", {}) if not path.startswith("~/ray_bootstrap")]
        self._run(host, shlex.join(["mkdir", "-p", *sorted({str(here.parent) for here in sent})]))
        for here in sent:
            source = f"{here}/" if here.is_dir() else str(here)
            remote = f"{self._login(host)}:{shlex.quote(str(here))}{'/' if here.is_dir() else ''}"
            _checked(host, ["rsync", "-rlptz", "--exclude=__pycache__", "-e", shlex.join(self._ssh), source, remote])
        for command in config.get("worker_setup_commands", []):
            self._run(host, command)

    def _run(self, host: str, command: str) -> None:
        _checked(host, [*self._ssh, self._login(host), command])

    def _each(self, otherwise: str, hosts: Iterable[str], action: Callable[[str], None]) -> None:
        """Side by side; of a host that fails it is said what follows, and it holds no other up."""
        with ThreadPoolExecutor(8) as pool:
            asked = {host: pool.submit(action, host) for host in hosts}
            for host, done in asked.items():
                try:
                    done.result()
                except ServiceError as error:
                    print(f"{host} {otherwise}: {error}", file=sys.stderr)  # noqa: T201

    @property
    def _ssh(self) -> list[str]:
        identity = ["-i", str(self.key)] if self.key else []
        return ["ssh", *(flag for option in _OPTIONS for flag in ("-o", option)), *identity]

    def _login(self, host: str) -> str:
        return f"{self.user}@{host}" if self.user else host


def _checked(host: str, command: list[str]) -> None:
    """Run a command that reaches a host; raises ServiceError with what it said last."""
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_S, check=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip() or error.stdout.strip() or f"exit code {error.returncode}"
        raise ServiceError("ray", f"{host}: {said[-300:]}") from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ServiceError("ray", f"{host}: {error}") from error
