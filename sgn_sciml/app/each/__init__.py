"""``sgn each``: every file of a folder fitted by one configuration, and one table of them."""
