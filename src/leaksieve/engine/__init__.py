"""The engine: prefilter, confirmation, decoding, filters.  Pure: no input or output, no clock, no process."""
