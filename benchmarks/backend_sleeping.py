"""The model that Triton's Python backend runs where a model only sleeps: so many seconds a call, whatever is in it.

Copied as ``model.py`` beside ``answer.npz``, which holds ``seconds`` and what each row is answered with. It runs in an
environment of Triton's own, so it imports nothing of Sightline.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils  # Triton puts this on the path


class TritonPythonModel:
    """Triton's interface: ``initialize`` once, ``execute`` for each batch of requests."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read what to answer."""
        self._input = json.loads(args["model_config"])["input"][0]["name"]
        with np.load(Path(args["model_repository"]) / args["model_version"] / "answer.npz") as answer:
            self._seconds = float(answer["seconds"])
            self._rows = {name: answer[name] for name in answer.files if name != "seconds"}

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One sleep for all requests."""
        time.sleep(self._seconds)
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        count = len(pb_utils.get_input_tensor_by_name(request, self._input).as_numpy())
        tensors = [pb_utils.Tensor(name, np.repeat(row, count, axis=0)) for name, row in self._rows.items()]
        return pb_utils.InferenceResponse(output_tensors=tensors)
