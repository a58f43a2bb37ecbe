"""Finding the selectors of an expression, without a Prometheus."""

from __future__ import annotations

import pytest
from support.promql import selectors


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("up", ["up"]),
        ("1e6 * 2", []),
        ('up{job="a"} == 0', ['up{job="a"}']),
        ("sum by (a, b) (rate(x_total[5m])) / on (a) group_left (b) y", ["x_total", "y"]),
        ('x{b="(}] by (c) # no"}[5m:1m] offset 3m > 2', ['x{b="(}] by (c) # no"}']),
        ("time() - max_over_time(camera:x:max[1d]) > 300", ["camera:x:max"]),
        ("a and b or c unless d # and e", ["a", "b", "c", "d"]),
        ("x == bool NaN or x > Inf", ["x"]),
        ('{__name__=~"x.*"} or absent(up{job=\'y\', z!~"q"} == 1)', ['{__name__=~"x.*"}', "up{job='y', z!~\"q\"}"]),
        ('histogram_quantile(0.95, sum by (le) (rate(h_bucket{le!="+Inf"}[5m])))', ['h_bucket{le!="+Inf"}']),
        ('label_replace(x, "a", "$1", "b", "(.*)")', ["x"]),
        ("topk(3, x @ end())", ["x"]),
    ],
)
def test_selectors(expression, found):
    assert selectors(expression) == found
