"""Scheduling's pages. One file a noun."""
