"""Addresses within Grafana: of dashboards, of one panel, and of the runbook, which is a dashboard too.

The runbook is in Grafana so that its sections can be read wherever the dashboards can, whatever else is out of reach.
"""

from __future__ import annotations

from infra.grafana.runbook import RUNBOOK_UID, section_numbers


def dashboard_url(uid: str) -> str:
    """Of a dashboard."""
    return f"/d/{uid}"


def panel_url(uid: str, number: int) -> str:
    """Of one panel, which then fills the screen."""
    return f"/d/{uid}?viewPanel={number}"


def runbook_url(alert: str) -> str:
    """Of the runbook's section for an alert.

    Raises:
        KeyError: the runbook has none.
    """
    return panel_url(RUNBOOK_UID, section_numbers()[alert.lower()])
