"""The page that says what came out of a study: sections, tables, figures, statistics."""
