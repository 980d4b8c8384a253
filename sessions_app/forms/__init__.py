"""What people fill in on the scheduling pages. Limits are the models' own; the services decide."""
