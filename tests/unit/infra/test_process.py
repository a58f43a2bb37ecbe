"""Processes that outlive their starter: found again without doubt, ended with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from infra.local import process
from infra.local.process import ProcessId

CHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {inner!r}]); print('up', flush=True); time.sleep(60)"
)
SLEEP = "import time; time.sleep(60)"
OWN_GROUP = "import os, time; os.setpgid(0, 0); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def started(tmp_path):
    """``started(code)``: a Python process; killed at the end."""
    made: list[ProcessId] = []

    def start(code: str) -> ProcessId:
        log = tmp_path / f"{len(made)}.log"
        made.append(process.start([sys.executable, "-c", code], environment=os.environ, cwd=tmp_path, log=log))
        return made[-1]

    yield start
    for identity in made:
        process.kill(identity)


def _wait_for(text: str, log) -> None:
    end = time.monotonic() + 20
    while text not in process.tail(log):
        assert time.monotonic() < end, f"{log} never said {text!r}"
        time.sleep(0.02)


def _session(identity: ProcessId) -> list[int]:
    return process._members(identity.pid)


def test_it_runs_in_a_session_of_its_own(started):
    identity = started(SLEEP)
    assert process.is_alive(identity)
    assert os.getsid(identity.pid) == identity.pid


@pytest.mark.parametrize("inner", [SLEEP, OWN_GROUP])
@pytest.mark.parametrize("end", [process.stop, process.kill])
def test_its_children_end_with_it_whatever_group_they_are_in(started, tmp_path, inner, end):
    identity = started(CHILD.format(inner=inner))
    _wait_for("up", tmp_path / "0.log")
    assert len(_session(identity)) == 2
    end(identity)
    assert not process.is_alive(identity)
    assert _session(identity) == []


def test_children_of_a_dead_process_are_found_by_its_session(started, tmp_path):
    identity = started(CHILD.format(inner=SLEEP))
    _wait_for("up", tmp_path / "0.log")
    os.kill(identity.pid, signal.SIGKILL)
    while process.is_alive(identity):
        time.sleep(0.01)
    assert len(_session(identity)) == 1
    process.kill(identity)
    assert _session(identity) == []


def test_one_that_ignores_sigterm_is_killed_after_its_grace(started, tmp_path):
    identity = started(STUBBORN)
    _wait_for("up", tmp_path / "0.log")
    process.stop(identity, grace_s=0.2)
    assert not process.is_alive(identity)


def test_a_pid_that_names_another_process_now_is_left_alone(started):
    identity = started(SLEEP)
    recycled = replace(identity, birth="another boot/12345")
    assert not process.is_alive(recycled)
    process.stop(recycled)
    process.kill(recycled)
    assert process.is_alive(identity)


def test_ending_what_has_ended_is_no_error(started):
    identity = started("pass")
    while process.is_alive(identity):
        time.sleep(0.01)
    process.stop(identity)
    process.kill(identity)


def test_a_program_that_cannot_be_run(tmp_path):
    with pytest.raises(OSError, match="no-such-program"):
        process.start([str(tmp_path / "no-such-program")], environment={}, cwd=tmp_path, log=tmp_path / "log.log")


def test_the_former_log_is_kept(started, tmp_path):
    log = tmp_path / "server.log"
    for text in ("first", "second"):
        identity = process.start([sys.executable, "-c", f"print({text!r})"], environment=os.environ, cwd=tmp_path, log=log)
        while process.is_alive(identity):
            time.sleep(0.01)
    assert process.tail(log) == "second"
    assert log.with_suffix(".log.1").read_text() == "first\n"


def test_the_tail_of_a_log(tmp_path):
    log = tmp_path / "server.log"
    assert process.tail(log) == ""
    log.write_bytes(b"\n".join(b"line %d \xff" % index for index in range(100_000)))
    assert process.tail(log, lines=2) == "line 99998 \ufffd\nline 99999 \ufffd"


def test_an_interrupt_waits_for_the_end_of_the_block():
    code = (
        "import os, signal\n"
        "from infra.local.process import interrupts_held\n"
        "try:\n"
        "    with interrupts_held():\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        print('noted', flush=True)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["noted", "interrupted"]
