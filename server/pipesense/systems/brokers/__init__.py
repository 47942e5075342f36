"""What the systems of all message brokers share: tables say how a client is spelled, the reading of code is the same.

No system itself: it offers no ``SYSTEM``, every system may import it, and it imports none.
"""
