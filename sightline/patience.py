"""Long work that outlives a restart of a server it leans on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sightline.errors import ServiceUnavailable

Answer = TypeVar("Answer")

PATIENCE_S, _PAUSE_S = 60.0, 1.0


def patiently(call: Callable[[], Answer], *, sleep: Callable[[float], None] = time.sleep) -> Answer:
    """What ``call`` answers, asked again for :data:`PATIENCE_S` while a server is away; repeating it must be harmless.

    Raises:
        ServiceUnavailable: it stayed away.
    """
    waited_s = 0.0
    while True:
        try:
            return call()
        except ServiceUnavailable:
            if waited_s >= PATIENCE_S:
                raise
            sleep(_PAUSE_S)
            waited_s += _PAUSE_S
