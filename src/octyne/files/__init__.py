"""The files of apps: looked at, changed, and carried in and out."""
