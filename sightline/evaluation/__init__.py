"""Evaluating a re-identification model on labelled pictures: read, embed, rank, report. What ``sightline evaluate`` does."""
