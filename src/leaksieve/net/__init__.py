"""What all that reaches out shares: which addresses there are, what is trusted, which way leads out, how long to wait, and words for what fails."""
