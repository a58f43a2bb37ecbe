"""The dashboards, one file each, in the order of the way down: is it well, where is it not, why."""

from __future__ import annotations

from infra.grafana import runbook
from infra.grafana.boards import cameras, cluster, kafka, overview, retrieval, stages, training

BOARDS = (
    overview.BOARD,
    cameras.BOARD,
    stages.BOARD,
    retrieval.BOARD,
    kafka.BOARD,
    cluster.BOARD,
    training.BOARD,
    runbook.board(),
)
