"""Lets schemathesis send a piece of a tus upload, which is bytes under a type of its own."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
