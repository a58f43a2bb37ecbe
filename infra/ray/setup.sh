#!/usr/bin/env bash
# Installs Sightline on a host of the cluster from the checkout that holds this file; quick where nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
UV_VERSION=0.13.8
export UV_SYSTEM_CERTS=1  # the authorities that this host trusts, which may be of its own network

if ! command -v uv >/dev/null; then
  python3 -m pip install --quiet --user "uv==$UV_VERSION" 2>/dev/null ||
    python3 -m pip install --quiet --user --break-system-packages "uv==$UV_VERSION" || {
    echo "Missing: uv, and pip to install it with (Debian: apt-get install python3-pip)" >&2
    exit 1
  }
  export PATH="$HOME/.local/bin:$PATH"
fi

uv venv --quiet --allow-existing --python 3.11 .venv
uv pip install --quiet --python .venv/bin/python -c constraints.txt -e '.[s3]'

# Where `ray` is found by the commands that `ray down` and `ray exec` run on this host.
line="export PATH=\"$PWD/.venv/bin:\$HOME/.local/bin:\$PATH\""
grep -qxF "$line" ~/.bashrc 2>/dev/null || echo "$line" >>~/.bashrc

.venv/bin/python -m infra.ray.host prepare
