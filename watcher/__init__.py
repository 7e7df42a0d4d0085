"""The ground floor: what comes in, and what every other storey stands on.

Here live the Item, the sources, fetching, parsing and cadence; and beside them errors, YAML with places, settings, the bus (Redis
Streams) and the store (SQL). Nothing here knows of rules, stories or subscribers.
"""
