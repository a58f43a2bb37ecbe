"""How well a model finds the joints of people."""
