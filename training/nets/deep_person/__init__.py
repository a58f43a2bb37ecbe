"""Layers of Deep-Person: the branches that identities are told by."""
