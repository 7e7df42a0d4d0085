"""WebSub: hubs that push what is new, beside the polling that never stops.

    discover       which hub a feed offers (pure)
    subscription   one subscription through its life: asked, verified, renewed, denied, left (pure)
    signature      whether a delivery comes from whom it should (pure)
    record         subscriptions and deliveries in the store
    web            the callback, for whoever serves HTTP
    service        asks hubs, and takes what was delivered through the same gate as a poll's answer

The callback's process and the watcher may be two: what was delivered is written down before the hub is told that we have it.
"""
