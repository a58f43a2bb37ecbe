"""Processes of ours that a test starts, kills, stalls and wakes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from sightline.settings import Settings

TESTS = Path(__file__).resolve().parent.parent


def write_settings(settings: Settings, folder: Path) -> Path:
    """The settings as a YAML file that another process can load."""
    path = folder / "sightline.yaml"
    path.write_text(yaml.safe_dump(settings.model_dump(mode="json", exclude_none=True)))
    return path


class Child:
    """A Python module run in a process group of its own, its output in a log."""

    def __init__(self, module: str, *arguments: str, settings: Settings, log: Path) -> None:
        config = write_settings(settings, log.parent)
        environment = {**os.environ, "SIGHTLINE_CONFIG": str(config), "PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
        self.log = log
        self._file = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def stop(self, timeout_s: float = 40.0) -> int:
        """SIGTERM and wait; the exit code."""
        self._process.terminate()
        return self._process.wait(timeout_s)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        """Whatever state it is in."""
        if self.alive:
            self.signal(signal.SIGKILL)
            self._process.wait()
        self._file.close()

    def wait_for_log(self, text: str, timeout_s: float = 30.0) -> None:
        until(lambda: text in self.log.read_text(), timeout_s=timeout_s, what=f"{text!r} in {self.log.name}")


def until(true: Callable[[], bool], *, timeout_s: float, what: str, every_s: float = 0.2) -> None:
    """Wait for something to be true.

    Raises:
        TimeoutError: it was not, in time.
    """
    deadline = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(every_s)
