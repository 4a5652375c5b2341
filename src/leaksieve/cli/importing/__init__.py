"""Taking over another scanner's configuration: finding its findings again, and writing what was made of its files."""
