"""What the operating system gives: process trees, listeners, confined paths."""
