"""Notifications: messages to people, their inbox, and the channels by which they hear of them (e-mail, signed webhooks, a daily digest).

A domain that has something to say declares its kinds of message (`rules.kinds`) and calls `actions.notify.notify`. The worker sends,
outside transactions and at least once; a delivery keeps its id however often it is tried. Neighbours: identity below says who is there.
"""
