"""What earlier history scans found clean, kept between runs: positions and ids of objects, never their content."""
