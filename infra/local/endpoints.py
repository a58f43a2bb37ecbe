"""The addresses of the running local stack, as a layer of settings: ``<state_dir>/endpoints.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from infra.local.records import write_whole
from infra.local.service import Layer
from sightline.settings import ENDPOINTS_FILE, Settings, merge

API_SECTION = "serving"
"""The one section that is not a server's: the API runs on Ray."""


def read_layer(state_dir: Path) -> Layer:
    """What the last ``up`` wrote; empty where no stack runs."""
    path = state_dir / ENDPOINTS_FILE
    return (yaml.safe_load(path.read_text()) or {}) if path.is_file() else {}


def write_layer(state_dir: Path, layers: Iterable[Layer]) -> None:
    """Replace the servers' addresses by these layers; the API's stays."""
    api = {section: values for section, values in read_layer(state_dir).items() if section == API_SECTION}
    merged: dict[str, Any] = api
    for layer in layers:
        merged = merge(merged, dict(layer))
    _write(state_dir, merged)


def write_api_url(state_dir: Path, url: str | None) -> None:
    """Keep where the API answers; None = it was removed."""
    others = {section: values for section, values in read_layer(state_dir).items() if section != API_SECTION}
    _write(state_dir, others | ({API_SECTION: {"url": url}} if url else {}))


def with_addresses(settings: Settings, layer: Layer) -> Settings:
    """The settings, with the layer's addresses where none is set."""
    for section, values in layer.items():
        current = getattr(settings, section)
        unset = {name: value for name, value in values.items() if getattr(current, name) is None}
        settings = settings.model_copy(update={section: current.model_copy(update=unset)})
    return settings


def without_addresses(settings: Settings, layer: Layer) -> Settings:
    """The settings as a person wrote them: addresses that came from our own layer are unset again."""
    for section, values in layer.items():
        current = getattr(settings, section)
        own = {name: None for name, value in values.items() if getattr(current, name) == value}
        settings = settings.model_copy(update={section: current.model_copy(update=own)})
    return settings


def _write(state_dir: Path, layer: Layer) -> None:
    if layer:
        head = "# Written by `sightline up`: where the servers of the local stack are. `sightline down` removes it.\n"
        write_whole(state_dir / ENDPOINTS_FILE, head + yaml.safe_dump(dict(layer)))
    else:
        (state_dir / ENDPOINTS_FILE).unlink(missing_ok=True)
