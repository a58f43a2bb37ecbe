"""One budget of cores for everything that computes: Triton's models, decoding, and the rest.

The dear work is the models'. Left alone, ONNX Runtime and OpenCV each start a thread per core in each process, and
two cores end up with a dozen runnable threads. Here every part gets its share of one number, ``cores.total``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.settings import Settings

SINGLE_THREADED: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}
"""Environment of processes that must not start threads of their own: Ray's workers and the questions."""


@dataclass(frozen=True, slots=True)
class ThreadBudget:
    """How the cores are shared.

    Attributes:
        cores: all there are to share.
        models: model name -> intra-op threads of its ONNX Runtime session on Triton.
        decode: threads that decode pictures, in all camera streams together.
    """

    cores: int
    models: Mapping[str, int]
    decode: int


def share_cores(settings: Settings, models: Sequence[str]) -> ThreadBudget:
    """Share ``cores.total`` among the models, evenly, one thread at least; decoding gets a quarter of the cores.

    With fewer cores than models each model has one thread: they take turns, since a frame is in one stage at a time.
    """
    cores = settings.cores.total or os.cpu_count() or 1
    each, extra = divmod(cores, max(1, len(models)))
    shares = {model: max(1, each + (index < extra)) for index, model in enumerate(models)}
    return ThreadBudget(cores=cores, models=shares, decode=max(1, cores // 4))
