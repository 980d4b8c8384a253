"""Scheduling over HTTP. One file a noun."""
