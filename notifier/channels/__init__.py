"""The ways out: one file a channel, with its client, its limits and its list of what is permanent.

A channel takes one finished message for one address and answers with its own id of the message, or raises DeliveryError, which says
whether trying again can help. It knows neither stories nor the ledger.
"""
