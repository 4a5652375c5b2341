"""The triage at the terminal: one finding after another, a key for each verdict."""
