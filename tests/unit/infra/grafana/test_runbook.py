"""The runbook in Grafana."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.grafana import runbook
from infra.grafana.links import runbook_url


@pytest.mark.parametrize(
    ("title", "made"),
    [("SightlineLagGrowing", "sightlinelaggrowing"), ("When `kafka` is away", "when-kafka-is-away"), ("A / B!", "a--b")],
)
def test_anchors_are_as_renderers_of_markdown_make_them(title: str, made: str) -> None:
    assert runbook.anchor(title) == made


def test_sections_become_panels_that_links_lead_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "runbook.md"
    file.write_text("# Runbook\n\nIntroduction.\n\n## One\n\nDo this.\n\n## Empty\n\n## Two\n\nDo that.\n")
    monkeypatch.setattr(runbook, "RUNBOOK", file)
    runbook.section_numbers.cache_clear()
    try:
        panels = runbook.board().panels
        assert [(panel.number, panel.title, panel.text) for panel in panels] == [(1, "One", "Do this."), (2, "Two", "Do that.")]
        assert runbook_url("Two") == "/d/sightline-runbook?viewPanel=2"
        with pytest.raises(KeyError):
            runbook_url("Three")
    finally:
        runbook.section_numbers.cache_clear()
