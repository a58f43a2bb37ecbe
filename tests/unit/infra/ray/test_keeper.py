"""A keeper over a made-up Ray: ended on purpose, crashed, and interrupted. Real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.processes import until

from infra.local import process
from infra.ray.keeper import ray_stop_runs
from infra.ray.keeper_record import KeeperRecord

KEEPER = textwrap.dedent("""
    import logging, pathlib, sys
    from infra.ray import keeper
    from infra.ray.launch import RayLaunch
    from sightline.errors import ServiceError

    logging.basicConfig(level=logging.INFO)
    keeper._FIRST_PAUSE_S, keeper._LOOK_EVERY_S, keeper._LOOK_AT_SERVERS_EVERY_S, keeper._END_S = 0.1, 0.05, 0.2, 1.0

    class Servers:
        def up(self):
            print("servers up", flush=True)
            with pathlib.Path(sys.argv[2] + ".up").open("a") as file:
                file.write("x")
                full = file.tell() > 1 and pathlib.Path(sys.argv[2] + ".full").exists()
            if full:
                raise ServiceError("triton", "the disk is full")
        def down(self): print("servers down", flush=True)

    stop = pathlib.Path(sys.argv[2] + ".stop")
    ray = RayLaunch((sys.executable, "-u", "-c", sys.argv[1]), {"COUNT": sys.argv[2]})
    kept = keeper.Keeper(ray, Servers(), ended=lambda: print("ended", flush=True), is_being_stopped=stop.exists)
    sys.exit(kept.run())
""")
RAY = textwrap.dedent("""
    import os, pathlib, sys, time
    count = pathlib.Path(os.environ["COUNT"])
    with count.open("a") as file:
        file.write("x")
    print("ray", len(count.read_text()), flush=True)
""")


def keep(ray: str, count: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", "-c", KEEPER, RAY + textwrap.dedent(ray), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "then", ["time.sleep(600)", "time.sleep(1); sys.exit(1)"], ids=["goes on blocking", "ends as after a crash"]
)
def test_ray_that_is_ended_on_purpose_stays_ended_and_takes_the_servers_along(tmp_path: Path, then: str) -> None:
    keeper = keep(then, count := tmp_path / "count")
    until(count.exists, timeout_s=60, what="Ray to run")
    stop = tmp_path / "count.stop"
    stop.touch()
    time.sleep(3)
    stop.unlink()
    said, _ = keeper.communicate(timeout=30)
    assert list(dict.fromkeys(said.splitlines())) == ["servers up", "ray 1", "ended", "servers down"]
    assert keeper.returncode == 0


def test_a_stop_is_seen_by_its_command(tmp_path: Path) -> None:
    assert not ray_stop_runs()
    script = tmp_path / "ray"
    script.write_text("import time; time.sleep(30)")
    stopping = subprocess.Popen([sys.executable, str(script), "stop"])
    until(ray_stop_runs, timeout_s=10, what="it to be seen", every_s=0.2)
    stopping.kill()
    stopping.wait()
    assert not ray_stop_runs()


def test_ray_that_crashed_is_started_again(tmp_path: Path) -> None:
    keeper = keep("sys.exit(1) if len(count.read_text()) < 3 else time.sleep(600)", count := tmp_path / "count")
    until(lambda: count.exists() and len(count.read_text()) == 3, timeout_s=60, what="the third start")
    keeper.send_signal(signal.SIGTERM)
    said, log = keeper.communicate(timeout=30)
    assert [line for line in said.splitlines() if line.startswith("ray")] == ["ray 1", "ray 2", "ray 3"]
    assert said.count("servers down") == 1
    assert log.count("starting it again") == 2


def test_servers_that_die_meanwhile_are_looked_after(tmp_path: Path) -> None:
    keeper, looks = keep("time.sleep(600)", tmp_path / "count"), tmp_path / "count.up"
    until(lambda: looks.exists() and len(looks.read_text()) >= 3, timeout_s=60, what="a third look at the servers")
    keeper.send_signal(signal.SIGTERM)
    said, _ = keeper.communicate(timeout=30)
    assert said.splitlines()[-1] == "servers down"


def test_a_server_that_does_not_start_again_takes_no_ray_along(tmp_path: Path) -> None:
    keeper, looks = keep("time.sleep(600)", tmp_path / "count"), tmp_path / "count.up"
    (tmp_path / "count.full").touch()
    until(lambda: looks.exists() and len(looks.read_text()) >= 3, timeout_s=60, what="a third look at the servers")
    keeper.send_signal(signal.SIGTERM)
    said, log = keeper.communicate(timeout=30)
    assert said.count("ray ") == 1, "it was never started anew"
    assert "the disk is full" in log


def test_an_interrupted_keeper_ends_ray_and_tells_nobody_else(tmp_path: Path) -> None:
    keeper = keep("time.sleep(600)", count := tmp_path / "count")
    until(count.exists, timeout_s=60, what="Ray to run")
    keeper.send_signal(signal.SIGTERM)
    said, _ = keeper.communicate(timeout=30)
    assert "ended" not in said.splitlines(), "only this host leaves, not the cluster"
    assert said.splitlines()[-1] == "servers down"
    assert keeper.returncode == 0


def test_ray_that_cannot_be_kept_up_is_given_up(tmp_path: Path) -> None:
    script = KEEPER.replace("keeper._FIRST_PAUSE_S,", "keeper._MOST_FAILURES = 3\nkeeper._FIRST_PAUSE_S,")
    command = [sys.executable, "-u", "-c", script, RAY + "sys.exit(1)", str(tmp_path / "count")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout.count("ray ") == 3
    assert done.stdout.splitlines()[-1] == "servers down"


def test_nothing_that_ray_started_outlives_it(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(600)"
    starts = f"""
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", {stubborn!r}], stdout=subprocess.PIPE, start_new_session=True)
        child.stdout.readline()
        pathlib.Path(str(count) + ".child").write_text(str(child.pid))
        time.sleep(600)
    """
    keeper, child = keep(starts, tmp_path / "count"), tmp_path / "count.child"
    until(lambda: child.exists() and bool(child.read_text()), timeout_s=60, what="a part of Ray's")
    keeper.send_signal(signal.SIGTERM)
    keeper.communicate(timeout=30)
    with suppress(psutil.NoSuchProcess):
        assert psutil.Process(int(child.read_text())).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("left", ["", '{"process": {}}', "[]"], ids=["empty", "half", "another form"])
def test_a_record_that_a_power_cut_spoilt_is_written_anew(tmp_path: Path, left: str) -> None:
    assert KeeperRecord.of_running(tmp_path) is None
    (tmp_path / "keeper.json").write_text(left)
    assert KeeperRecord.of_running(tmp_path) is None
    kept = process.start(["sleep", "60"], environment=os.environ, cwd=tmp_path, log=tmp_path / "log")
    KeeperRecord(kept, "so").write(tmp_path)
    assert KeeperRecord.of_running(tmp_path) == KeeperRecord(kept, "so")
    process.stop(kept)
    assert KeeperRecord.of_running(tmp_path) is None
