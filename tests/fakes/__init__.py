"""The outside world on loopback: a feed host, a Telegram Bot API and an SMTP server, each with faults on demand.

They are servers, not mocks: what is tested talks to them over sockets and cannot tell the difference. Nothing here may
import the storeys under test, so that a mistake of theirs is never repeated here.
"""
