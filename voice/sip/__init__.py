"""A SIP user agent for reliable transports, sans-IO: standard library only, no event loop, no clock, no network.

From the bytes upwards: ``message`` and ``values`` (text), ``framing`` (streams), ``digest``, ``sdp``; ``line`` (what
the legs of a trunk share, requests that wait), ``dialog``, ``leg`` (a call until it is answered), ``talk`` (after
that), ``served`` (what waits for its ACK), ``refresh`` (session timers), ``checking``, ``agent`` (all of one trunk:
what a transport drives), ``trunks`` (which trunk is asked, and which next).
"""
