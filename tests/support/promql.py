"""Which expressions of rules and dashboards a running Prometheus has no data for."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

Answer = Sequence[tuple[dict[str, str], Sequence[float]]]
"""Series: labels, and values in the order of time."""

_STEP_S = 5.0
_STRING_OR_COMMENT = re.compile(r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|#[^\n]*""")
_RANGE_OR_LABELS = re.compile(r"\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", re.IGNORECASE)
_SELECTOR = re.compile(r"(?<![\w:.])(?P<name>[a-zA-Z_:][\w:]*)\s*(?P<call>\()?(?P<matchers>\{[^}]*\})?|(?P<nameless>\{[^}]*\})")
_WORDS = frozenset({"and", "or", "unless", "group_left", "group_right", "offset", "bool", "inf", "nan"})


def query(prometheus_url: str, expression: str, *, over_s: float = 0) -> Answer:
    """The answer to a query from ``over_s`` ago until now; a scalar is a series without labels.

    Raises:
        ValueError: Prometheus refused the expression.
    """
    now_s = time.time()
    data: dict[str, Any] = {"query": expression, "start": now_s - over_s, "end": now_s, "step": _STEP_S}
    answer = httpx.post(f"{prometheus_url}/api/v1/query_range", data=data, timeout=60).json()
    if answer["status"] != "success":
        raise ValueError(f"{expression}: {answer['error']}")
    return [(series["metric"], [float(value) for _, value in series["values"]]) for series in answer["data"]["result"]]


def selectors(expression: str) -> list[str]:
    """The instant selectors in an expression, each once, without ranges and offsets.

    >>> selectors('sum by (a) (rate(x_total{b="(}"}[5m])) > on (a) group_left y')
    ['x_total{b="(}"}', 'y']
    """
    strings: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        strings.append(match["string"] or "")
        return f'"{len(strings) - 1}"' if match["string"] else ""

    # What stands in strings may look like anything: without them the rest is simple.
    text = _RANGE_OR_LABELS.sub(" ", _STRING_OR_COMMENT.sub(set_aside, expression))
    found = []
    for match in _SELECTOR.finditer(text):
        if match["call"] or (match["name"] or "").lower() in _WORDS:
            continue
        bare = match["nameless"] or match["name"] + (match["matchers"] or "")
        found.append(re.sub(r'"(\d+)"', lambda number: strings[int(number[1])], bare))
    return list(dict.fromkeys(found))


def unanswered(prometheus_url: str, expressions: Iterable[str], *, over_s: float = 0) -> dict[str, str]:
    """Expression -> why it has no data; empty when each has at least one series with a number.

    An alert's expression is empty while all is well: ask for its :func:`selectors` instead.

    Args:
        prometheus_url: without a path.
        expressions: PromQL.
        over_s: how far back the data may lie, for what happened some time ago; 0 = now.
    """
    reasons = {expression: _why(prometheus_url, expression, over_s) for expression in expressions}
    return {expression: reason for expression, reason in reasons.items() if reason}


def _why(prometheus_url: str, expression: str, over_s: float) -> str | None:
    try:
        answer = query(prometheus_url, expression, over_s=over_s)
    except ValueError as error:
        return str(error)
    if any(math.isfinite(value) for _, values in answer for value in values):
        return None
    if answer:
        return f"{len(answer)} series, none with a number"
    empty = [selector for selector in selectors(expression) if not query(prometheus_url, selector, over_s=over_s)]
    return f"no series of {', '.join(empty)}" if empty else "no series, though each selector has some"
