"""Loss terms, one a file, and the joint loss that weighs them."""
