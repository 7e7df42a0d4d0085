"""The names on the bus: streams carry row ids from stage to stage; SQL holds what they mean."""

ITEMS = "concordat:items"
ALERTS = "concordat:alerts"
DELIVERIES = "concordat:deliveries"
PUSHES = "concordat:pushes"
DUE = "concordat:due"  # sorted set: site → unix seconds at which one of its sources is to be read; see `watcher.bus.due`
DEAD = "concordat:dead"
STREAMS = (PUSHES, ITEMS, ALERTS, DELIVERIES)
