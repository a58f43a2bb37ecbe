"""Hand-written models for Triton's Python backend, to see what our client makes of a server's behaviour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.adapters.triton import TritonInference
from sightline.settings import Settings, TritonSettings

CONFIG = """
name: "{name}"
backend: "python"
max_batch_size: 8
input [ {{ name: "image" data_type: TYPE_UINT8 dims: [ 416, 416, 3 ] }} ]
output [ {{ name: "first" data_type: TYPE_FP32 dims: [ 1 ] }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
"""
MODEL = """
import os, time
import numpy as np
import triton_python_backend_utils as pb_utils

class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            image = pb_utils.get_input_tensor_by_name(request, "image").as_numpy()
            {act}
            first = image[:, 0, 0, :1].astype(np.float32)
            answers.append(pb_utils.InferenceResponse([pb_utils.Tensor("first", first)]))
        return answers
"""


@pytest.fixture
def write_model() -> Callable[..., str]:
    """``write_model(settings, "slow", "time.sleep(1)")``: a model that does that, then answers each picture's first value."""

    def write(settings: Settings, name: str, act: str = "pass") -> str:
        folder: Path = settings.model_repositories[-1] / name / "1"
        folder.mkdir(parents=True)
        (folder / "model.py").write_text(MODEL.format(act=act))
        (folder.parent / "config.pbtxt").write_text(CONFIG.format(name=name))
        return name

    return write


@pytest.fixture
async def client():
    """``await client(settings.triton, shared_memory="on")``: an open client, closed at the end."""
    opened: list[TritonInference] = []

    async def make(settings: TritonSettings, **changes: object) -> TritonInference:
        triton = TritonInference(settings.model_copy(update=changes))
        await triton.open()
        opened.append(triton)
        return triton

    yield make
    for triton in opened:
        await triton.close()
