"""What runs inside Triton, without Triton: its Python backend's interface is played by a few lines.

The integration tests run the same file in the real server.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from sightline.models.repository import BACKEND_SOURCE


@dataclass
class Tensor:
    name: str
    array: np.ndarray

    def as_numpy(self) -> np.ndarray:
        return self.array


class TritonError(Exception):
    INVALID_ARG = "invalid"

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class InferenceResponse:
    output_tensors: list[Tensor] = field(default_factory=list)
    error: TritonError | None = None

    def array(self, name: str) -> np.ndarray:
        return next(tensor.array for tensor in self.output_tensors if tensor.name == name)


@pytest.fixture
def backend(monkeypatch):
    played = types.ModuleType("triton_python_backend_utils")
    played.Tensor, played.TritonError, played.InferenceResponse = Tensor, TritonError, InferenceResponse
    played.get_input_tensor_by_name = lambda request, name: Tensor(name, request[name])
    monkeypatch.setitem(sys.modules, played.__name__, played)
    loaded = importlib.util.spec_from_file_location("backend_under_test", BACKEND_SOURCE)
    module = importlib.util.module_from_spec(loaded)
    loaded.loader.exec_module(module)
    return module


@pytest.fixture
def model(backend, nets):
    folder = nets.folder / "repository" / "1"
    folder.mkdir(parents=True)
    nets.embedder().rename(folder / "model.onnx")
    model = backend.TritonPythonModel()
    model.initialize({"model_repository": str(folder.parent), "model_version": "1", "model_name": "reid_net"})
    return model


def request(rows: int, seed: int = 0, **changes: Any) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {"input": random.uniform(0, 1, (rows, 3, 16, 8)).astype(np.float32)} | changes


def test_requests_get_their_own_rows(model):
    requests = [request(2, 1), request(1, 2), request(3, 3)]
    together = model.execute(requests)
    for asked, answer in zip(requests, together, strict=True):
        [alone] = model.execute([asked])
        assert answer.error is None
        assert len(answer.array("features")) == len(asked["input"])
        np.testing.assert_allclose(answer.array("features"), alone.array("features"), atol=1e-6)


def test_only_the_faulty_request_fails(model):
    good, bad = request(2, 1), {"input": np.zeros((1, 4, 16, 8), np.float32)}
    first, second, third = model.execute([good, bad, good])
    assert first.error is None
    assert third.error is None
    assert second.error.code == TritonError.INVALID_ARG
    np.testing.assert_array_equal(first.array("features"), third.array("features"))


def test_a_faulty_request_alone(model):
    [answer] = model.execute([{"input": np.zeros((1, 3, 16, 8), np.float64)}])
    assert "double" in str(answer.error)


@pytest.mark.parametrize(
    ("variable", "threads"), [(None, 1), ("", 1), (json.dumps({"reid_net": 3, "b": 2}), 3), ('{"b": 2}', 1)]
)
def test_threads_come_from_the_environment(backend, nets, monkeypatch, variable, threads):
    asked = []
    monkeypatch.setattr(backend, "open_session", lambda path, count: asked.append(count) or _NoTensors())
    if variable is not None:
        monkeypatch.setenv("SIGHTLINE_MODEL_THREADS", variable)
    arguments = {"model_repository": str(nets.folder), "model_version": "1", "model_name": "reid_net"}
    backend.TritonPythonModel().initialize(arguments)
    assert asked == [threads]


class _NoTensors:
    def get_inputs(self) -> list[Any]:
        return []

    get_outputs = get_inputs
