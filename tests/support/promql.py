"""Which expressions of rules and dashboards a running Prometheus has no data for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

Answer = Sequence[tuple[dict[str, str], float]]
"""Series of an instant query: labels and value."""

_STRING_OR_COMMENT = re.compile(r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|#[^\n]*""")
_RANGE_OR_LABELS = re.compile(r"\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", re.IGNORECASE)
_SELECTOR = re.compile(r"(?<![\w:.])(?P<name>[a-zA-Z_:][\w:]*)\s*(?P<call>\()?(?P<matchers>\{[^}]*\})?|(?P<nameless>\{[^}]*\})")
_WORDS = frozenset({"and", "or", "unless", "group_left", "group_right", "offset", "bool", "inf", "nan"})


def query(prometheus_url: str, expression: str) -> Answer:
    """The answer to an instant query, now; a scalar is a series without labels.

    Raises:
        ValueError: Prometheus refused the expression.
    """
    answer = httpx.post(f"{prometheus_url}/api/v1/query", data={"query": expression}, timeout=60).json()
    if answer["status"] != "success":
        raise ValueError(f"{expression}: {answer['error']}")
    result: Any = answer["data"]["result"]
    if answer["data"]["resultType"] == "scalar":
        return [({}, float(result[1]))]
    return [(series["metric"], float(series["value"][1])) for series in result]


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


def unanswered(prometheus_url: str, expressions: Iterable[str]) -> dict[str, str]:
    """Expression -> why it has no data; empty when each has at least one series with a number.

    An alert's expression is empty while all is well: ask for its :func:`selectors` instead.
    """
    reasons = {expression: _why(prometheus_url, expression) for expression in expressions}
    return {expression: reason for expression, reason in reasons.items() if reason}


def _why(prometheus_url: str, expression: str) -> str | None:
    try:
        answer = query(prometheus_url, expression)
    except ValueError as error:
        return str(error)
    if any(math.isfinite(value) for _, value in answer):
        return None
    if answer:
        return f"{len(answer)} series, none with a number"
    empty = [selector for selector in selectors(expression) if not query(prometheus_url, selector)]
    return f"no series of {', '.join(empty)}" if empty else "no series, though each selector has some"
