"""Whole frames with the boxes of people: what a detector learns from."""
