"""Heads that several systems share: from a feature to a descriptor, or to classes."""
