"""The ablation tables of the papers, trained and evaluated row by row: ``python -m training.tables --help``."""
