"""The names that annotations are joined by."""

from __future__ import annotations

from training.data.readers.image_files import SUFFIXES


def without_suffix(name: str) -> str:
    """``0002_c1s1_000451_03.jpg`` and ``0002_c1s1_000451_03`` are one name."""
    stem, dot, ending = name.strip().rpartition(".")
    return stem if dot and f".{ending.lower()}" in SUFFIXES else name.strip()
