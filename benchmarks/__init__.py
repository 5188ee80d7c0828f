"""Measurements. ``python -m benchmarks [NAME …]`` runs them, or those named.

A benchmark is a module ``bench_NAME.py`` with a function ``measure() -> list[Figure]``.
"""
