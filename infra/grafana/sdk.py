"""A board in Grafana's own model, by its foundation SDK: the one file that knows the SDK."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from infra.grafana.board import Board, Kind, Panel, Section, Variable
from infra.grafana.layout import Place, placed
from infra.grafana.links import dashboard_url, runbook_url
from sightline.operations.figure import Thresholds

TAG = "sightline"
SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
PanelBuilder = stat.Panel | timeseries.Panel | heatmap.Panel | table.Panel | text.Panel
BESIDE_THE_TITLE = ""
"""The SDK's own choice would hide links in a menu."""
FIRST_ROW = 1000
"""Headings have ids as panels have, from here on."""
_WELL, _WARN, _BAD = "green", "orange", "red"


def to_json(board: Board) -> str:
    """The dashboard as Grafana's provisioning reads it; the same board always gives the same text."""
    return json.dumps(_dashboard(board).build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _dashboard(board: Board) -> builders.Dashboard:
    made = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .editable()
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_other_boards())
    )
    if any(panel.queries for panel in board.panels):
        made = made.with_variable(_source_variable())
    for variable in board.variables:
        made = made.with_variable(_variable(variable))
    for item, place in placed(board.sections):
        if isinstance(item, Section):
            number = FIRST_ROW + board.sections.index(item)
            made = made.with_row(builders.Row(item.title).id(number).grid_pos(_grid(place)))
        else:
            made = made.with_panel(_panel(item).grid_pos(_grid(place)))
    return made


def _grid(place: Place) -> dashboard.GridPos:
    return dashboard.GridPos(h=place.h, w=place.w, x=place.x, y=place.y)


def _other_boards() -> builders.DashboardLink:
    kind = dashboard.DashboardLinkType.DASHBOARDS
    made = builders.DashboardLink("Sightline").type(kind).tags([TAG]).as_dropdown(True)
    return made.placement(BESIDE_THE_TITLE).include_vars(True).keep_time(True)


def _source_variable() -> builders.DatasourceVariable:
    return builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _variable(variable: Variable) -> builders.QueryVariable:
    return (
        builders.QueryVariable(variable.name)
        .label(variable.label)
        .datasource(SOURCE)
        .query(variable.query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.NATURAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _panel(panel: Panel) -> PanelBuilder:
    made = _SHAPES[panel.kind](panel)
    made = made.id(panel.number).title(panel.title).description(panel.description).links(list(_links(panel)))
    if isinstance(made, text.Panel):
        return made
    made = made.datasource(SOURCE).unit(panel.unit).thresholds(_thresholds(panel.thresholds))
    for place, (legend, expression) in enumerate(panel.queries.items()):
        made = made.with_target(_query(panel.kind, legend, expression).ref_id(chr(ord("A") + place)))
    return made


def _links(panel: Panel) -> Iterator[builders.DashboardLink]:
    for alert in panel.alerts:
        yield _link(f"Runbook: {alert}", runbook_url(alert))
    if panel.dashboard:
        yield _link("More", dashboard_url(panel.dashboard))


def _link(title: str, url: str) -> builders.DashboardLink:
    return builders.DashboardLink(title).type(dashboard.DashboardLinkType.LINK).placement(BESIDE_THE_TITLE).url(url)


def _query(kind: Kind, legend: str, expression: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(expression).legend_format(legend).datasource(SOURCE)
    if kind is Kind.TABLE:
        return made.instant().format(PromQueryFormat.TABLE)
    return made.range().format(PromQueryFormat.HEATMAP if kind is Kind.HEATMAP else PromQueryFormat.TIME_SERIES)


def _thresholds(limits: Thresholds | None) -> builders.ThresholdsConfig:
    """As steps from below: each colour holds from its value upwards."""
    steps: list[tuple[float | None, str]] = [(None, "text")]
    if limits and limits.higher_is_worse:
        steps = [(None, _WELL), (limits.warn, _WARN), (limits.bad, _BAD)]
    elif limits:
        steps = [(None, _BAD), (limits.bad, _WARN), (limits.warn, _WELL)]
    made = builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE)
    return made.steps([dashboard.Threshold(value, colour) for value, colour in steps])


def _stat(panel: Panel) -> stat.Panel:
    return (
        stat.Panel()
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .color_scheme(builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .no_value("no data")
    )


def _graph(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(8)
        .show_points(common.VisibilityMode.NEVER)
        .axis_soft_min(0)
        .legend(
            VizLegendOptions()
            .display_mode(common.LegendDisplayMode.LIST)
            .placement(common.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
        .color_scheme(builders.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )
    if panel.thresholds:
        made = made.thresholds_style(GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    if panel.kind is Kind.STACK:
        made = made.fill_opacity(25).stacking(StackingConfig().mode(common.StackingMode.NORMAL))
    return made


def _heatmap(panel: Panel) -> heatmap.Panel:
    return heatmap.Panel().show_legend()


def _table(panel: Panel) -> table.Panel:
    return table.Panel().no_value("none")


def _text(panel: Panel) -> text.Panel:
    return text.Panel().mode(TextMode.MARKDOWN).content(panel.text)


_SHAPES: Mapping[Kind, Callable[[Panel], PanelBuilder]] = {
    Kind.STAT: _stat,
    Kind.GRAPH: _graph,
    Kind.STACK: _graph,
    Kind.HEATMAP: _heatmap,
    Kind.TABLE: _table,
    Kind.TEXT: _text,
}
