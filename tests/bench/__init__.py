"""Benchmarks: what a user feels, beside the least that any program of this kind must spend (``make bench``)."""
