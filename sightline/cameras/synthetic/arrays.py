"""Array types of the synthetic world that the core does not name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.intp]
UInt16Array = NDArray[np.uint16]

Vector = tuple[float, float, float]
