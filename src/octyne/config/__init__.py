"""Config: the typed model, the file with its comments, and reload as a diff."""
