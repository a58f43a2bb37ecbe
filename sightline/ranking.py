"""Distances, CMC and mean average precision: how good a ranking is."""

from __future__ import annotations
