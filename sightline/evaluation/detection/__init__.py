"""Evaluating a person detector on labelled frames: read, detect, score."""
