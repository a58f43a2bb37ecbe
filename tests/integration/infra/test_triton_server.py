"""The tritonserver of the local stack: models, shared memory, two repositories, and a crash."""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tritonclient.grpc as grpcclient
from tritonclient.utils import shared_memory

from infra.local.stack import LocalStack
from infra.local.triton import Triton
from sightline.settings import LocalPorts, load_settings

pytestmark = pytest.mark.stack

CONFIG = """
name: "{name}"
backend: "python"
max_batch_size: 8
input [{{ name: "x", data_type: TYPE_FP32, dims: [-1] }}]
output [{{ name: "y", data_type: TYPE_FP32, dims: [-1] }}]
dynamic_batching {{ }}
"""
ECHO = """
import json, os
import numpy as np
import onnxruntime
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def initialize(self, args):
        self.threads = json.loads(os.environ["SIGHTLINE_MODEL_THREADS"]).get(args["model_name"], 0)

    def execute(self, requests):
        def answer(request):
            x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
            return pb_utils.InferenceResponse([pb_utils.Tensor("y", np.float32(FACTOR_TERM))])
        return [answer(request) for request in requests]
"""


def write_model(repository: Path, name: str, term: str) -> None:
    folder = repository / name / "1"
    folder.mkdir(parents=True)
    (folder.parent / "config.pbtxt").write_text(CONFIG.format(name=name))
    (folder / "model.py").write_text(ECHO.replace("FACTOR_TERM", term))


def infer(client: grpcclient.InferenceServerClient, model: str, x: np.ndarray) -> np.ndarray:
    tensor = grpcclient.InferInput("x", x.shape, "FP32")
    tensor.set_data_from_numpy(x)
    return client.infer(model, [tensor]).as_numpy("y")


def test_a_model_that_is_added_while_running_is_loaded_by_request(triton_settings, unique_prefix):
    name = unique_prefix.replace("-", "_") + "echo"
    write_model(triton_settings.model_repositories[-1], name, "2 * x")
    client = grpcclient.InferenceServerClient(triton_settings.triton.url)
    client.load_model(name)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(infer(client, name, x), 2 * x)
    client.unload_model(name)
    with urllib.request.urlopen(triton_settings.triton.metrics_url) as answer:
        assert b"nv_cpu_utilization" in answer.read()


def test_system_shared_memory(triton_settings, unique_prefix):
    name = unique_prefix.replace("-", "_") + "shared"
    write_model(triton_settings.model_repositories[-1], name, "x + 1")
    client = grpcclient.InferenceServerClient(triton_settings.triton.url)
    client.load_model(name)
    x = np.ones((1, 1000), np.float32)
    region = shared_memory.create_shared_memory_region(name, f"/{name}", x.nbytes)
    try:
        shared_memory.set_shared_memory_region(region, [x])
        client.register_system_shared_memory(name, f"/{name}", x.nbytes)
        tensor = grpcclient.InferInput("x", x.shape, "FP32")
        tensor.set_shared_memory(name, x.nbytes)
        np.testing.assert_array_equal(client.infer(name, [tensor]).as_numpy("y"), x + 1)
        client.unregister_system_shared_memory(name)
    finally:
        shared_memory.destroy_shared_memory_region(region)


@pytest.fixture
def two_repositories(tmp_path):
    """A running server over two repositories that both have a model ``both``; the later has a broken one too."""
    first, last = tmp_path / "first", tmp_path / "last"
    write_model(first, "both", "x + 10")
    write_model(first, "single", "x + self.threads")
    write_model(last, "both", "x + 20")
    write_model(last, "broken", "x +")
    settings = load_settings(
        local={"state_dir": tmp_path / "state", "ports": dict.fromkeys(LocalPorts.model_fields, 0)},
        triton={"model_repositories": (first, last)},
        cores={"total": 7},
    )
    stack = LocalStack(settings, [Triton])
    stack.up()
    yield stack
    stack.down()


def test_the_later_repository_wins_and_a_broken_model_is_named(two_repositories):
    settings = two_repositories.settings
    client = grpcclient.InferenceServerClient(settings.triton.url)
    x = np.zeros((1, 1), np.float32)
    assert infer(client, "both", x) == 20
    assert infer(client, "single", x) == 2  # 7 cores among 3 models: 3, 2, 2 in alphabetical order
    health = Triton(settings).probe(settings)
    assert health.version == "2.51.0"
    assert "2 models ready; broken: broken (" in health.detail
    assert "SyntaxError" in health.detail


def test_a_server_that_is_killed_leaves_no_shared_memory_behind(two_repositories):
    prefix = Triton(two_repositories.settings).shared_memory_prefix

    def regions() -> int:
        return sum(path.name.startswith(prefix) for path in Path("/dev/shm").iterdir())

    before = two_repositories.settings.triton.url
    count = regions()
    assert count > 0
    os.kill(two_repositories.record("triton").pid, signal.SIGKILL)
    settings = two_repositories.up()
    assert settings.triton.url == before
    assert regions() == count
    client = grpcclient.InferenceServerClient(settings.triton.url)
    assert infer(client, "both", np.zeros((1, 1), np.float32)) == 20
    os.kill(two_repositories.record("triton").pid, signal.SIGKILL)
    two_repositories.down()
    assert regions() == 0


def test_the_budget_of_threads_reaches_the_models(two_repositories):
    environment = Path(f"/proc/{two_repositories.record('triton').pid}/environ").read_bytes().split(b"\0")
    variables = dict(entry.split(b"=", 1) for entry in environment if b"=" in entry)
    assert json.loads(variables[b"SIGHTLINE_MODEL_THREADS"]) == {"both": 3, "broken": 2, "single": 2}
    assert variables[b"OMP_NUM_THREADS"] == b"1"
