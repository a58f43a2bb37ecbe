"""Encoded pictures to pixels, safely: what is too large, cut off or not a picture is refused before it costs anything."""

from __future__ import annotations
