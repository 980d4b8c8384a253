"""The endpoints of accounts, one file a noun."""
