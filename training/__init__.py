"""Nets, losses, data and training of the re-identification models; the only home of torch."""
