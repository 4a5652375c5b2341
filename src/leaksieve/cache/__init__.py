"""What earlier history scans learnt, kept between runs in files that only this user's runs can read and write."""
