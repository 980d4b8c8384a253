"""The plumbing of the HTTP API, once: docs/api-internals.md says how an endpoint is written with it."""
