"""A net that says of every pixel of a person which part of the body it shows, and where on that part."""
