"""Processes that outlive the command that starts them, and are found again without doubt."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

POLL_S = 0.05
_STATE, _THREADS, _STARTTIME = 0, 17, 19  # fields 3, 20 and 22 of /proc/<pid>/stat, from behind the command's name


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, for all time: a pid alone may be given to another process later.

    Attributes:
        pid: also the id of its session.
        birth: the machine's boot and the process's start in it; unlike a date it does not move with the clock.
    """

    pid: int
    birth: str


def start(command: Sequence[str], *, environment: Mapping[str, str], cwd: Path, log: Path) -> ProcessId:
    """Start a process in a session of its own, its output at the end of ``log``; the former log is kept as ``.1``.

    Raises:
        OSError: the program cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    cwd.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    birth = _birth(process.pid)
    process.returncode = 0  # it is meant to outlive this object: no warning when that is collected
    return ProcessId(process.pid, birth or "")


def is_alive(process: ProcessId) -> bool:
    """Whether that very process runs (a zombie does not)."""
    _reap(process.pid)
    return bool(process.birth) and _birth(process.pid) == process.birth


def stop(process: ProcessId, *, grace_s: float = 10.0) -> None:
    """End the process by SIGTERM, and after ``grace_s`` it and its whole session by SIGKILL.

    Its children are left to the process itself at first: Ray's head takes 20 seconds where they are asked to end as well.
    No error where nothing is left of it.
    """
    if is_alive(process):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    if is_alive(process) and grace_s:
        _gone_within(process, grace_s)
    kill(process)


def kill(process: ProcessId) -> None:
    """End the process and its whole session at once, as a power cut would."""
    _signal_session(process, signal.SIGKILL)
    _gone_within(process, 5.0)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log; empty where there is none."""
    with suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    return ""


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block: between a process's start and the note that we started it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread alone
        return
    held: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)


def _birth(pid: int) -> str | None:
    """Boot id and start time of a running process; None where there is none, or only a zombie.

    A process whose first thread is a zombie while others still end has its sockets and files yet: it counts as running.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    dead = fields[_STATE] in "ZX" and int(fields[_THREADS]) <= 1
    return None if dead else f"{boot}/{fields[_STARTTIME]}"


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):  # a child of another process, as after `sightline up` in another shell
        os.waitpid(pid, os.WNOHANG)


def _session_is_ours(process: ProcessId) -> bool:
    """False once the pid names another process: the kernel hands a number out again only when its session is empty."""
    birth = _birth(process.pid)
    return birth is None or birth == process.birth


def _signal_session(process: ProcessId, number: signal.Signals) -> None:
    if _session_is_ours(process):
        for member in _members(process.pid):
            with suppress(ProcessLookupError):
                os.kill(member, number)


def _gone_within(process: ProcessId, seconds: float) -> bool:
    """Wait for the session to be empty."""
    end = time.monotonic() + seconds
    while _session_is_ours(process) and _members(process.pid):
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


def _members(session: int) -> list[int]:
    """Processes of a session that run, also those that made a process group of their own."""
    _reap(session)
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _birth(int(entry.name)) is not None:
            with suppress(ProcessLookupError):
                if os.getsid(int(entry.name)) == session:
                    members.append(int(entry.name))
    return members
