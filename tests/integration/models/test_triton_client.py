"""Our client of Triton, against Triton."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient

from sightline.adapters.triton import TritonAdmin, regions
from sightline.errors import ModelError, ServiceError, ServiceUnavailable

pytestmark = pytest.mark.stack

PICTURE = np.full((1, 416, 416, 3), 77, np.uint8)
LEAVE_ONE = """
import asyncio, os, signal, sys
import numpy as np
from sightline.adapters.triton import TritonInference
from sightline.settings import TritonSettings

async def main():
    triton = TritonInference(TritonSettings(url=sys.argv[1], shared_memory="on"))
    await triton.open()
    await triton.infer(sys.argv[2], {"image": np.zeros((1, 416, 416, 3), np.uint8)})
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
def name(unique_prefix: str) -> str:
    return f"m_{unique_prefix.strip('-')}"


@pytest.fixture
async def admin(triton_settings):
    async with TritonAdmin(triton_settings.triton) as admin:
        yield admin


def known_regions(url: str) -> set[str]:
    """The names of our regions that the server knows."""
    with InferenceServerClient(url) as client:
        return {name for name in client.get_system_shared_memory_status().regions if name.startswith(regions.PREFIX)}


def our_files() -> set[str]:
    return {path.name for path in regions.FOLDER.glob(f"{regions.PREFIX}{os.getpid()}-*")}


async def test_models_are_loaded_and_unloaded(triton_settings, admin, write_model, name):
    write_model(triton_settings, name)
    assert await admin.ready()
    assert not await admin.ready(name)
    await admin.load(name)
    assert await admin.ready(name)
    assert (name, "READY") in [(model.name, model.state) for model in await admin.index()]
    await admin.unload(name)
    assert not await admin.ready(name)
    await admin.unload(name)
    assert (await admin.version()).startswith("2.")


async def test_a_model_that_cannot_be_loaded_says_why(triton_settings, admin, write_model, name):
    write_model(triton_settings, name)
    path = triton_settings.model_repositories[-1] / name / "1" / "model.py"
    path.write_text("raise RuntimeError('no weights here')")
    with pytest.raises(ModelError, match="no weights here"):
        await admin.load(name)
    with pytest.raises(ModelError, match="no_such_model"):
        await admin.load("no_such_model")


async def test_closing_leaves_no_region_behind(triton_settings, admin, write_model, client, name):
    await admin.load(write_model(triton_settings, name))
    triton = await client(triton_settings.triton, shared_memory="on")
    before = known_regions(triton_settings.triton.url)
    answers = await asyncio.gather(*(triton.infer(name, {"image": PICTURE}) for _ in range(20)))
    assert all(answer["first"] == 77 for answer in answers)
    files = our_files()
    assert 1 <= len(files) <= 8
    assert files <= known_regions(triton_settings.triton.url)
    await triton.close()
    assert our_files() == set()
    assert known_regions(triton_settings.triton.url) == before


async def test_a_killed_process_leaves_its_region_to_the_next(triton_settings, admin, write_model, client, name):
    await admin.load(write_model(triton_settings, name))
    url = triton_settings.triton.url
    living = await client(triton_settings.triton, shared_memory="on")
    await living.infer(name, {"image": PICTURE})
    before = known_regions(url)
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", LEAVE_ONE, url, name)
    assert await ended.wait() == -signal.SIGKILL
    [left] = known_regions(url) - before
    assert regions.exists(left)

    triton = await client(triton_settings.triton, shared_memory="on")
    assert not regions.exists(left)
    assert left not in known_regions(url)
    assert (await living.infer(name, {"image": PICTURE}))["first"] == 77  # those of the living are left alone
    assert (await triton.infer(name, {"image": PICTURE}))["first"] == 77


async def test_a_restarted_server_learns_the_regions_again(private_stack, write_model, client, name):
    private = private_stack("triton")
    settings = private.settings
    async with TritonAdmin(settings.triton) as admin:
        await admin.load(write_model(settings, name))
    triton = await client(settings.triton, shared_memory="on")
    assert (await triton.infer(name, {"image": PICTURE}))["first"] == 77
    private.kill("triton")
    with pytest.raises(ServiceUnavailable):
        await triton.infer(name, {"image": PICTURE})
    private.revive()
    answer = await _retried(lambda: triton.infer(name, {"image": PICTURE + 1}))
    assert answer["first"] == 78
    assert our_files() <= known_regions(settings.triton.url)


async def test_a_model_whose_process_died_comes_back(triton_settings, admin, write_model, client, name):
    """Killed for its memory, say. Triton goes on calling it ready: our client loads it anew."""
    await admin.load(write_model(triton_settings, name, "image[0, 0, 0, 0] == 13 and os._exit(9)"))
    triton = await client(triton_settings.triton)
    with pytest.raises(ServiceUnavailable, match="not healthy"):
        await triton.infer(name, {"image": np.full_like(PICTURE, 13)})
    answers = [_retried(lambda: triton.infer(name, {"image": PICTURE})) for _ in range(5)]
    assert [answer["first"] for answer in await asyncio.gather(*answers)] == [77] * 5


async def test_a_slow_model_is_given_up_in_time(triton_settings, admin, write_model, client, name):
    await admin.load(write_model(triton_settings, name, "time.sleep(image[0, 0, 0, 0] / 10)"))
    triton = await client(triton_settings.triton, timeout_s=0.5, shared_memory="on")
    slow, quick = np.full_like(PICTURE, 20), np.full_like(PICTURE, 0)
    with pytest.raises(ServiceUnavailable, match="DEADLINE_EXCEEDED"):
        await triton.infer(name, {"image": slow})
    patient = await client(triton_settings.triton, shared_memory="on")
    assert (await patient.infer(name, {"image": quick}))["first"] == 0
    assert (await _retried(lambda: triton.infer(name, {"image": quick})))["first"] == 0


async def test_a_server_that_cannot_see_our_memory(triton_settings, admin, write_model, client, name, *, monkeypatch, caplog):
    """As in containers that share an address and no /dev/shm."""
    await admin.load(write_model(triton_settings, name))
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / name
    folder.mkdir()
    monkeypatch.setattr(regions, "FOLDER", folder)
    triton = await client(triton_settings.triton, shared_memory="auto")
    answers = await asyncio.gather(*(triton.infer(name, {"image": PICTURE}) for _ in range(4)))
    assert all(answer["first"] == 77 for answer in answers)
    assert "tensors travel in messages" in caplog.text
    strict = await client(triton_settings.triton, shared_memory="on")
    with pytest.raises(ServiceError, match=r"set triton\.shared_memory to off"):
        await strict.infer(name, {"image": PICTURE})
    assert list(folder.iterdir()) == []
    folder.rmdir()


async def _retried(call, *, within_s: float = 30):
    end = time.monotonic() + within_s
    while True:
        try:
            return await call()
        except ServiceUnavailable:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.1)
