"""How Prometheus watches the product: what it scrapes, its rules and its alerts. The local stack uses the same files."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
RULE_FILES = HERE / "rules" / "*.yml"
"""A pattern, as ``rule_files`` takes it."""
KAFKA_JMX = HERE / "kafka-jmx.yml"
"""What the JMX exporter reads of a broker."""
