"""What ``sgn new`` copies: small files that run at once; a name takes the place of ``Own``."""
