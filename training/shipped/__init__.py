"""How the models that come with Sightline were made, and the command that makes each again: ``python -m training.shipped``."""
