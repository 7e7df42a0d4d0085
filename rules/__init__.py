"""The first floor: what matters.

Rule and entity files, the matcher, stories, cases and explanations. Nothing here knows channels, and matching does no I/O.
"""
