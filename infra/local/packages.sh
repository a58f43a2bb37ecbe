#!/usr/bin/env bash
# Debian packages by what they are for: installs what is missing as root, else says what to install.
#   infra/local/packages.sh java maven chromium prometheus rtsp
set -euo pipefail

export RTSP='
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert Gst.ElementFactory.find("rtpjpegpay") and Gst.ElementFactory.find("videotestsrc")
'
declare -A PROBE=(
  [java]='command -v java'
  [maven]='command -v mvn'
  [chromium]='command -v chromium'
  [prometheus]='command -v prometheus && command -v promtool'
  [rtsp]='/usr/bin/python3 -c "$RTSP"'
  [hosts]='command -v sshd && command -v ssh && command -v rsync && command -v ip && command -v iptables && test -x /usr/bin/pip3'
)
declare -A PACKAGES=(
  [java]='openjdk-17-jre-headless'
  [maven]='maven'
  [chromium]='chromium fonts-dejavu-core'
  [prometheus]='prometheus'
  [hosts]='openssh-server openssh-client rsync iproute2 iptables python3 python3-pip libpython3.11'
  [rtsp]='python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good'
)

missing=()
for name in "$@"; do
  [ -n "${PACKAGES[$name]:-}" ] || { echo "packages.sh: unknown name '$name' (known: ${!PACKAGES[*]})" >&2; exit 2; }
  bash -c "${PROBE[$name]}" >/dev/null 2>&1 || missing+=(${PACKAGES[$name]})
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "==> installing ${missing[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "Missing: ${missing[*]}" >&2
  echo "Install them, for example: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
