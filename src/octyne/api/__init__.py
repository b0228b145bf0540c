"""The HTTP API: the route table, what stands before every route, and a handler module per noun."""
