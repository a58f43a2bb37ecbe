"""A figure's value as people read it: a number of three digits or so, and its unit."""

from __future__ import annotations

from sightline.operations.figure import Unit

NOTHING = "\N{EN DASH}"
"""Stands for a value that Prometheus does not have."""


def worded(value: float | None, unit: Unit) -> tuple[str, str]:
    """The number and the unit that it is in: ``(0.0123, SECONDS)`` -> ``("12.3", "ms")``."""
    if value is None:
        return NOTHING, ""
    if unit is Unit.SECONDS:
        return _duration(value)
    if unit is Unit.RATIO:
        return _number(value * 100), "%"
    return _number(value), {Unit.PER_SECOND: "/s", Unit.PER_MINUTE: "/min", Unit.COUNT: ""}[unit]


def age(seconds: float) -> str:
    """How long ago in words, no finer than is of use: ``3 min``."""
    number, unit = _duration(float(max(1, round(seconds))))
    return f"{float(number.replace(',', '')):.0f} {unit}"


def _duration(value_s: float) -> tuple[str, str]:
    size = abs(value_s)
    if size < 0.9995:
        return _number(value_s * 1e3), "ms" if value_s else "s"
    if size < 99.95:
        return _number(value_s), "s"
    if size < 5400:
        return _number(value_s / 60), "min"
    return (_number(value_s / 3600), "h") if size < 172_800 else (_number(value_s / 86_400), "days")


def _number(value: float) -> str:
    """Whole numbers as they are; of others, what three digits hold."""
    if value == round(value) or abs(value) >= 99.95:
        return f"{value:,.0f}"
    for decimals in (2, 1):
        if abs(value) < 10 ** (3 - decimals) - 0.5 / 10**decimals:
            return f"{value:.{decimals}f}"
    return f"{value:,.0f}"
