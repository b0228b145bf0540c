"""Measures the rows of the table of goals with the real daemon; see README.md beside this."""
