"""ONNX Runtime, as every use of it in this package opens it: sequential, its threads counted, quiet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from sightline.errors import ModelError
from sightline.ports import Tensors

ORT_ERRORS: tuple[type[Exception], ...] = (
    ValueError,
    RuntimeError,
    *(kind for kind in vars(ort_errors).values() if isinstance(kind, type) and issubclass(kind, Exception)),
)
"""What ONNX Runtime raises; its own exceptions share no base class."""
ERRORS_ONLY = 3
"""Log severity: its warnings are for its developers."""


_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64"}
"""The types whose names ONNX Runtime writes otherwise than numpy."""


@dataclass(frozen=True, slots=True)
class SessionTensor:
    """An input or output as the net declares it; -1 in ``shape`` is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class OnnxSession:
    """One loaded net. ``run`` may be called from several threads."""

    def __init__(self, session: ort.InferenceSession, name: str) -> None:
        self._session = session
        self._name = name
        self.input_tensors = tuple(_tensor(item) for item in session.get_inputs())
        self.output_tensors = tuple(_tensor(item) for item in session.get_outputs())
        self.outputs: tuple[str, ...] = tuple(output.name for output in self.output_tensors)

    @classmethod
    def open(cls, model: Path | bytes, *, name: str, threads: int = 1) -> OnnxSession:
        """Load a net; ``threads`` is that of one operator (operators run one after another).

        Raises:
            ModelError: ONNX Runtime cannot load it.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        content = str(model) if isinstance(model, Path) else model
        with _mapped(f"{name}: ONNX Runtime cannot load it"):
            return cls(ort.InferenceSession(content, options, providers=["CPUExecutionProvider"]), name)

    def run(self, inputs: Tensors) -> dict[str, NDArray[Any]]:
        """All outputs, by name.

        Raises:
            ModelError: the net refuses the inputs.
        """
        with _mapped(f"{self._name}: ONNX Runtime cannot run it"):
            results = self._session.run(None, dict(inputs), _quiet())
        return dict(zip(self.outputs, results, strict=True))


def _tensor(item: ort.NodeArg) -> SessionTensor:
    dtype = _DTYPES.get(item.type, item.type.removeprefix("tensor(").removesuffix(")"))
    return SessionTensor(item.name, dtype, tuple(length if isinstance(length, int) else -1 for length in item.shape))


def _quiet() -> ort.RunOptions:
    options = ort.RunOptions()
    options.log_severity_level = ERRORS_ONLY + 1  # a failed run is raised; there is no need to print it too
    return options


@contextmanager
def _mapped(what: str) -> Iterator[None]:
    try:
        yield
    except ORT_ERRORS as error:
        raise ModelError(f"{what}: {error}") from error
