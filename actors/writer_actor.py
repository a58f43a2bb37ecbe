"""The Ray actor round a writer."""

from __future__ import annotations
