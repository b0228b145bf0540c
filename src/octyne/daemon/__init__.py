"""The composition root: builds the daemon from its parts, runs it, and takes it apart in order."""
