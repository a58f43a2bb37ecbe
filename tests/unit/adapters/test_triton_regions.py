"""Shared memory regions outlive nobody: what belongs to no living process is swept away, what does is left alone."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from sightline.adapters.triton import regions
from sightline.adapters.triton.regions import Region, sweep

HOLD_ONE = """
import sys, time
from pathlib import Path
from sightline.adapters.triton import regions
regions.FOLDER = Path(sys.argv[1])
region = regions.Region.create(4096)
print(region.name, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(regions, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def holder(folder):
    """Another process that holds a region; ``(process, name)``."""
    process = subprocess.Popen([sys.executable, "-c", HOLD_ONE, str(folder)], stdout=subprocess.PIPE, text=True)
    yield process, process.stdout.readline().strip()
    process.kill()
    process.wait()


def test_arrays_lie_one_after_another_and_aligned(folder):
    region = Region.create(4096)
    first, second = np.arange(5, dtype=np.uint8), np.arange(6, dtype=np.float32).reshape(2, 3).T
    offsets = region.write([first, second])
    assert offsets == [0, 64]
    content = (folder / region.name).read_bytes()
    assert len(content) == 4096
    np.testing.assert_array_equal(np.frombuffer(content, np.uint8, 5), first)
    np.testing.assert_array_equal(np.frombuffer(content, np.float32, 6, 64).reshape(3, 2), second)
    region.close()


def test_closing_removes_the_file_and_may_be_repeated(folder):
    region = Region.create(4096)
    region.close()
    region.close()
    assert list(folder.iterdir()) == []


def test_what_is_in_use_is_left_alone(folder, holder):
    _, theirs = holder
    ours = Region.create(4096)
    assert sweep() == []
    assert sorted(path.name for path in folder.iterdir()) == sorted([theirs, ours.name])
    ours.close()


def test_what_a_killed_process_left_is_swept(folder, holder):
    process, name = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert regions.exists(name)
    assert sweep() == [name]
    assert not regions.exists(name)


def test_other_peoples_files_are_left_alone(folder):
    (folder / "psm_1234").write_bytes(b"x")
    assert sweep() == []
    assert regions.exists("psm_1234")


def test_too_little_shared_memory_is_an_error_and_no_crash(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        Region.create(4096)
    assert list(folder.iterdir()) == []


def test_a_region_swept_before_it_was_locked_is_made_again(folder, monkeypatch):
    """Another process may look between the making of the file and its lock."""
    lock, swept = regions.fcntl.flock, []

    def sweep_first(file, operation):
        if not swept:
            swept.extend(folder.iterdir())
            swept[0].unlink()
        lock(file, operation)

    monkeypatch.setattr(regions.fcntl, "flock", sweep_first)
    region = Region.create(4096)
    assert swept
    assert region.name != swept[0].name
    assert regions.exists(region.name)
    region.close()
