"""The names on the bus: streams carry row ids from stage to stage; SQL holds what they mean."""

ITEMS = "concordat:items"
ALERTS = "concordat:alerts"
DELIVERIES = "concordat:deliveries"
PUSHES = "concordat:pushes"
DUE = "concordat:due"  # sorted set: source id → unix seconds at which it is to be read
DEAD = "concordat:dead"
STREAMS = (PUSHES, ITEMS, ALERTS, DELIVERIES)
