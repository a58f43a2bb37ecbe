"""Fakes of the ports, for tests without servers. The contract suites run on these and on the real adapters alike."""

from __future__ import annotations
