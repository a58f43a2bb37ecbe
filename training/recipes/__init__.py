"""The papers' recipes, one a file, with the papers' values as defaults."""
