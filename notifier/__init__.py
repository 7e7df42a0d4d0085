"""The second floor: what people get.

Subscribers, routing, the ledger of deliveries, Telegram, mail and digests. Nothing here decides what matters.
"""
