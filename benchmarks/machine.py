"""Facts of the machine and of the versions, without anything that names it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.reporting import Cell

PACKAGES = ("numpy", "onnxruntime", "kafka-python", "ray", "tritonclient", "pymilvus")
_CPU_INFO = Path("/proc/cpuinfo")


def machine_facts() -> dict[str, Cell]:
    """Processor, cores, memory, versions, the day, and how busy the machine is now (before the benchmark)."""
    facts: dict[str, Cell] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}",
        "load average before (1 min)": round(os.getloadavg()[0], 1),
        "day": datetime.now(UTC).date().isoformat(),
    }
    return facts | {package: version(package) for package in PACKAGES}


def _processor() -> str:
    if _CPU_INFO.is_file():
        for line in _CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
