"""Facts of the machine and of the versions, without anything that names it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from benchmarks.reporting import Cell
from training.hardware import processor

PACKAGES = ("numpy", "onnxruntime", "kafka-python", "ray", "tritonclient", "pymilvus")


def machine_facts() -> dict[str, Cell]:
    """Processor, cores, memory, versions, the day, and how busy the machine is now (before the benchmark)."""
    facts: dict[str, Cell] = {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}",
        "load average before (1 min)": round(os.getloadavg()[0], 1),
        "day": datetime.now(UTC).date().isoformat(),
    }
    return facts | {package: version(package) for package in PACKAGES}
