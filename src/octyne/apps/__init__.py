"""Apps: states, restart policy, and the fleet of all apps."""
