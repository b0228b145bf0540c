"""Confinement: every path of a client is resolved here, beneath its app's directory."""
