"""What runs around the product: the whole stack on one machine, and the cluster."""
