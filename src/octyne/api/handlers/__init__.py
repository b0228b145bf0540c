"""The handlers: one module per noun. They parse, call one domain function, and render."""
