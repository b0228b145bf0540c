"""Who may come in: accounts, sessions, tickets, rights."""
