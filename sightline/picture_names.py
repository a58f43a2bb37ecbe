"""The files that count as pictures, and the names that annotations are joined by."""

from __future__ import annotations

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
"""In lower case."""


def without_suffix(name: str) -> str:
    """``0002_c1s1_000451_03.jpg`` and ``0002_c1s1_000451_03`` are one name."""
    stem, dot, ending = name.strip().rpartition(".")
    return stem if dot and f".{ending.lower()}" in SUFFIXES else name.strip()
