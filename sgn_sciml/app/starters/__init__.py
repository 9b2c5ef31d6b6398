"""Templates of ``sgn new``: small files that run at once; a name takes the place of ``Own``."""
