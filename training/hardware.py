"""What computes, in words that name no machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_CPU_INFO = Path("/proc/cpuinfo")


def processor() -> str:
    """The model of the processor where the system tells it, else its architecture."""
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def device_in_words(device: str, *, threads: int | None = None) -> str:
    """Of a torch device: the name of the GPU, or the processor, its cores and how many ``threads`` of it a run has."""
    if device.startswith("cuda"):
        import torch

        return str(torch.cuda.get_device_name(device))
    used = f", {threads} thread{'s' * (threads > 1)} a run" if threads else ""
    return f"{processor()}, {os.cpu_count()} cores{used}"
