"""Readers of the published data sets' layouts, and of folders that anyone can make: one a file, each gives a ReidSet."""
