"""Problems with known solutions, a few of each kind, as users state them; and ill-posed ones."""
