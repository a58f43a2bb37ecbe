"""The model that Triton's Python backend runs, the same for every net: ``model.onnx`` beside this file, in ONNX Runtime.

Copied as ``model.py`` into each version folder of a model repository. It runs in an environment of Triton's own (numpy 1 and
onnxruntime), so it imports nothing of Sightline.

All requests that Triton hands over at once are one batch and one run. Threads come from the environment variable
``SIGHTLINE_MODEL_THREADS``, a JSON object {model name: threads}; a model that is not named there has one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils  # Triton puts this on the path

THREADS_VARIABLE = "SIGHTLINE_MODEL_THREADS"
ERRORS_ONLY = 3


class TritonPythonModel:
    """Triton's interface: ``initialize`` once, ``execute`` for each batch of requests, ``finalize`` at the end."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the net that lies beside this file."""
        folder = Path(args["model_repository"]) / args["model_version"]
        threads = int(json.loads(os.environ.get(THREADS_VARIABLE) or "{}").get(args["model_name"], 1))
        self._session = open_session(folder / "model.onnx", threads)
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]

    def execute(self, requests: Sequence[Any]) -> list[Any]:
        """One run for all requests; where that fails, one for each, so that only the faulty ones are answered with an error."""
        batches = [self._tensors(request) for request in requests]
        try:
            return self._run(batches)
        except Exception as error:  # noqa: BLE001 ONNX Runtime's exceptions have no common base; each is answered below
            if len(batches) == 1:
                return [refusal(error)]
        return [self._run_alone(batch) for batch in batches]

    def finalize(self) -> None:
        """Give the net's memory back."""
        del self._session

    def _tensors(self, request: Any) -> dict[str, Any]:
        return {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in self._inputs}

    def _run_alone(self, batch: dict[str, Any]) -> Any:
        try:
            return self._run([batch])[0]
        except Exception as error:  # noqa: BLE001 as in execute
            return refusal(error)

    def _run(self, batches: Sequence[dict[str, Any]]) -> list[Any]:
        whole = batches[0]
        if len(batches) > 1:
            whole = {name: np.concatenate([batch[name] for batch in batches]) for name in self._inputs}
        results = self._session.run(None, whole)
        ends = np.cumsum([len(batch[self._inputs[0]]) for batch in batches])
        starts = [0, *ends[:-1]]
        return [self._response(results, start, end) for start, end in zip(starts, ends)]  # noqa: B905 equal by construction

    def _response(self, results: Sequence[Any], start: int, end: int) -> Any:
        # Triton takes the memory as it lies: a slice along the batch is contiguous already.
        tensors = [
            pb_utils.Tensor(name, np.ascontiguousarray(result[start:end]))
            for name, result in zip(self._outputs, results)  # noqa: B905
        ]
        return pb_utils.InferenceResponse(output_tensors=tensors)


def open_session(model: Path, threads: int) -> ort.InferenceSession:
    """A net on ``threads`` threads: operators one after another, idle threads asleep (other models want the cores)."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def refusal(error: Exception) -> Any:
    """The answer to a request that the net could not run."""
    fault = pb_utils.TritonError(f"{type(error).__name__}: {error}", pb_utils.TritonError.INVALID_ARG)
    return pb_utils.InferenceResponse(output_tensors=[], error=fault)
