"""When a trained operator has paid: its cost beside that of the law's own solver."""
