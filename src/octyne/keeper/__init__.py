"""The small program that holds one app and outlives the daemon, and its protocol."""
