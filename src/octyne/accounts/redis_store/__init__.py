"""Accounts and sessions in Redis, where several nodes (also Go's) share them.

``octyne-user:NAME`` holds a password hash, ``octyne-token:TOKEN`` the name of its account. The
primary owns the accounts (its users.json) and publishes them; secondaries read. Whatever is
missed while Redis is away is made up for by comparing, not by remembering.
"""
