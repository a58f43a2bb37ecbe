"""The cluster files for ``ray up``: machines that one has, AWS and GCP, from one source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKOUT = "~/sightline"
_SENT = (
    "actors",
    "infra",
    "serving",
    "sightline",
    "training",
    "LICENSE",
    "README.md",
    "constraints.txt",
    "pyproject.toml",
)
"""What of the checkout goes to the hosts: what is installed from it, and no more (``ray up`` reads every byte)."""
_HERE = f"cd {CHECKOUT} && .venv/bin/python -m infra.ray.host"
_EMPTY = "this host was set up before, says Ray, and is empty: end the cluster with `ray down`, then `ray up` again"
_NOT_EMPTY = f"[ -d {CHECKOUT} ] || {{ echo '{_EMPTY}' >&2; exit 1; }}"

Section = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClusterFile:
    """One file.

    Attributes:
        path: from the checkout's root.
        title: its first comment.
        own: the sections that only this kind of cluster has, with a comment each: name -> (comment, value).
        first_steps: of the set-up, before ours.
    """

    path: str
    title: str
    own: Mapping[str, tuple[str, Any]]
    first_steps: tuple[str, ...] = ()

    def config(self) -> dict[str, Any]:
        """What ``ray up`` reads."""
        sections = {name: value for name, (_, value) in self.own.items()}
        return sections | {name: value for name, (_, value) in _shared(self.first_steps).items()}

    def text(self) -> str:
        """The file."""
        parts = [_comment(f"{self.title}\n\nWritten by `python -m infra.ray`; what is yours to change is said in each part.")]
        for name, (comment, value) in {**self.own, **_shared(self.first_steps)}.items():
            dumped = yaml.safe_dump({name: value}, sort_keys=False, width=200, allow_unicode=True)
            parts.append(f"{_comment(comment)}\n{dumped}".strip())
        return "\n\n".join(parts) + "\n"


def _shared(first_steps: tuple[str, ...]) -> dict[str, tuple[str, Any]]:
    """The sections that all kinds of clusters have."""
    mounts = {f"{CHECKOUT}/{name}": f"./{name}" for name in _SENT}
    return {
        "file_mounts": (
            "What goes to every host: the checkout in which `ray up` is run, and the token that everybody must show.\n"
            "Make the token once: `ray get-auth-token --generate`.",
            {**mounts, "~/.ray/auth_token": "~/.ray/auth_token"},
        ),
        "setup_commands": ("Installs Sightline from that checkout.", [*first_steps, f"bash {CHECKOUT}/infra/ray/setup.sh"]),
        "head_start_ray_commands": (
            "Each host starts by its part of infra/ray/hosts.yaml; one that is in the cluster already is left alone, with all\n"
            "that runs on it, so `ray up` can be repeated. Health checks and the rest are in infra/ray/launch.py.",
            # Ray looks for these words, and warns that nothing is started where they are missing.
            [f": 'ray start --head --autoscaling-config=~/ray_bootstrap_config.yaml, by:'; {_NOT_EMPTY}; {_HERE} start"],
        ),
        "worker_start_ray_commands": ("", [f"{_HERE} start --head $RAY_HEAD_IP"]),
    }


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n")) if text else ""


LOCAL = ClusterFile(
    path="ray_cluster.yaml",
    title=(
        "Sightline on machines that you have, over SSH:  ray up ray_cluster.yaml\n\n"
        "Every machine needs Debian 12 (or another Linux with Python 3.11), sshd, rsync and a way to the package registry.\n"
        "Put your addresses below, say in infra/ray/hosts.yaml which of them have GPUs, then see docs/operations/cluster.md."
    ),
    own={
        "cluster_name": ("", "sightline"),
        "provider": (
            "Yours to change. A machine more: one line more, and `ray up` again; what runs is not disturbed.",
            {"type": "local", "head_ip": "10.0.0.10", "worker_ips": ["10.0.0.11", "10.0.0.12"]},
        ),
        "auth": (
            "Yours to change: who logs in. The head logs into the others with the same key.",
            {"ssh_user": "sightline", "ssh_private_key": "~/.ssh/id_ed25519"},
        ),
    },
)

_PYTHON = ("command -v pip3 >/dev/null || (sudo apt-get -qq update && sudo apt-get -qq install -y python3-pip rsync)",)


def _node_types(head: Section, streams: Section, stages: Section) -> dict[str, Any]:
    """Three kinds of machines; Ray starts as many as the actors that wait for a place need, within the bounds."""
    return {
        "head": {"min_workers": 0, "max_workers": 0, "resources": {"CPU": 4, "streams": 4}, "node_config": dict(head)},
        "streams": {"min_workers": 1, "max_workers": 8, "resources": {"CPU": 8, "streams": 8}, "node_config": dict(streams)},
        "stages": {
            "min_workers": 1,
            "max_workers": 4,
            "resources": {"CPU": 8, "GPU": 1, "stages": 8},
            "node_config": dict(stages),
        },
    }


def _cloud(provider: Section, auth: Section, node_types: Section, kinds: str) -> dict[str, tuple[str, Any]]:
    return {
        "cluster_name": ("", "sightline"),
        "max_workers": ("", 12),
        "idle_timeout_minutes": ("A machine on which nothing has run for so long is given back.", 10),
        "provider": ("Yours to change.", dict(provider)),
        "auth": ("", dict(auth)),
        "available_node_types": (
            f"Yours to change: {kinds}.\nA machine with an NVIDIA GPU has the role `stages`, the others\n"
            "`streams` (infra/ray/hosts.yaml).",
            dict(node_types),
        ),
        "head_node_type": ("", "head"),
    }


_AWS_IMAGE = {"ImageId": "ami-0123456789abcdef0"}
AWS = ClusterFile(
    path="infra/ray/aws.yaml",
    title=(
        "Sightline on AWS, growing and shrinking with its load:  ray up infra/ray/aws.yaml\n\n"
        "Put a Debian or Ubuntu image of your region, with NVIDIA's driver for the GPUs, in the place of\n"
        "`ami-0123456789abcdef0`."
    ),
    own=_cloud(
        {"type": "aws", "region": "eu-central-1", "cache_stopped_nodes": False},
        {"ssh_user": "ubuntu"},
        _node_types(
            {"InstanceType": "m7i.xlarge", **_AWS_IMAGE},
            {"InstanceType": "c7i.2xlarge", **_AWS_IMAGE},
            {"InstanceType": "g6.2xlarge", **_AWS_IMAGE},
        ),
        "instance types, images and the least and most of each",
    ),
    first_steps=_PYTHON,
)


def _gcp_machine(kind: str, **more: Any) -> dict[str, Any]:
    disk = {"boot": True, "autoDelete": True, "type": "PERSISTENT"}
    image = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
    return {"machineType": kind, "disks": [disk | {"initializeParams": {"diskSizeGb": 50, "sourceImage": image}}], **more}


GCP = ClusterFile(
    path="infra/ray/gcp.yaml",
    title="Sightline on Google Cloud, growing and shrinking with its load:  ray up infra/ray/gcp.yaml",
    own=_cloud(
        {"type": "gcp", "region": "europe-west3", "availability_zone": "europe-west3-b", "project_id": None},
        {"ssh_user": "ubuntu"},
        _node_types(
            _gcp_machine("e2-standard-4"),
            _gcp_machine("c3-standard-8"),
            _gcp_machine(
                "g2-standard-8",
                guestAccelerators=[{"acceleratorType": "nvidia-l4", "acceleratorCount": 1}],
                scheduling=[{"onHostMaintenance": "TERMINATE"}],
            ),
        ),
        "machine types, images and the least and most of each",
    ),
    first_steps=_PYTHON,
)

FILES = (LOCAL, AWS, GCP)
