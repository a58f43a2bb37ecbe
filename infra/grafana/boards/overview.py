"""Overview: is it well, in five seconds. The figures of ``sightline status`` and of the web page, then what pages somebody."""

from __future__ import annotations

from infra.grafana.board import Board, Kind, Panel, Section
from sightline.operations.figure import Figure, Thresholds, Unit
from sightline.operations.figures import FIGURES, OVERVIEW, RETRIEVAL

UNITS = {
    Unit.PER_SECOND: "suffix:/s",
    Unit.PER_MINUTE: "suffix:/min",
    Unit.SECONDS: "s",
    Unit.RATIO: "percentunit",
    Unit.COUNT: "none",
}
_LATE = "sightline:sightings_late:ratio_rate"


def _stat(number: int, figure: Figure) -> Panel:
    return Panel(
        number=number,
        title=figure.title,
        queries={figure.title: figure.expression},
        unit=UNITS[figure.unit],
        description=figure.description,
        kind=Kind.STAT,
        thresholds=figure.thresholds,
        alerts=(figure.alert,) if figure.alert else (),
        dashboard=figure.dashboard if figure.dashboard != OVERVIEW else None,
    )


_IS_IT_WELL = Section("Is it well?", tuple(_stat(number, figure) for number, figure in enumerate(FIGURES, start=1)))

_WHAT_CALLS_FOR_SOMEBODY = Section(
    "What calls for somebody",
    (
        Panel(
            number=101,
            title="Alerts",
            queries={"": 'sort_desc(ALERTS{alertstate="firing"})'},
            unit="none",
            description="What fires now, with its severity: page = somebody must act now, ticket = within days.",
            kind=Kind.TABLE,
        ),
        Panel(
            number=102,
            title="Found too late",
            queries={
                "5 minutes": f"{_LATE}5m",
                "1 hour": f"{_LATE}1h",
                "6 hours": f"{_LATE}6h",
                "1 day": f"{_LATE}1d",
            },
            unit="percentunit",
            description="Part of the sightings that took more than 2 s to become searchable. 1 % of a month may; "
            "at 14 times that for an hour somebody is paged.",
            thresholds=Thresholds(warn=0.01, bad=0.144),
            alerts=("SightlineSearchableFastBurn", "SightlineSearchableSlowBurn"),
            dashboard=RETRIEVAL,
        ),
        Panel(
            number=103,
            title="Sightings made and written",
            queries={
                "made": "sum(rate(sightline_sightings_total[$__rate_interval]))",
                "written": "sum(rate(sightline_written_sightings_total[$__rate_interval]))",
            },
            unit="suffix:/s",
            description="What the stream commits, and what reaches Milvus. The second follows the first, or sightings wait.",
            alerts=("SightlineNothingWritten",),
            dashboard=RETRIEVAL,
        ),
        Panel(
            number=104,
            title="Parts that answer",
            queries={"{{job}}": "sum by (job) (up)"},
            unit="none",
            description="Processes that Prometheus reaches, by part. A line that falls is a process that died or hangs.",
            alerts=("SightlineTargetDown", "SightlinePartGone"),
        ),
    ),
)

BOARD = Board(
    uid=OVERVIEW,
    title="Sightline / Overview",
    description="Is it well? The same figures as `sightline status` and the Operations view of the web page.",
    sections=(_IS_IT_WELL, _WHAT_CALLS_FOR_SOMEBODY),
)
