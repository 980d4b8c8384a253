"""What the API takes and shows of scheduling. One file a noun."""
