"""Grafana's dashboards, built from small panels: ``python -m infra.grafana`` writes the JSON files that Grafana is given.

``board.py`` says what a dashboard is, ``boards/`` has one file for each, ``sdk.py`` turns them into Grafana's own model by its
foundation SDK, ``provisioning/`` are the files that make a Grafana load them and their data source.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
DASHBOARDS = HERE / "dashboards"
"""Where the JSON files are."""
