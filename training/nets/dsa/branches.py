"""The two branches that each stream of DSA-reID has."""

from __future__ import annotations

from typing import Literal, TypeAlias

Branch: TypeAlias = Literal["global", "local"]
Branches: TypeAlias = Literal["both", "global", "local"]

ALL: tuple[Branch, ...] = ("global", "local")


def listed(branches: Branches) -> tuple[Branch, ...]:
    """The branches in the order in which their features stand in the descriptor."""
    return ALL if branches == "both" else (branches,)
