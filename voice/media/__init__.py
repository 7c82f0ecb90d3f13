"""The sound of calls: legs that come over WebRTC, and what they hear. Knows no Django and no database.

`plane.Plane` is all that the media worker uses, with what `shapes.py` holds. The rest is sans-IO but for
``webrtc.py``, the only file that knows aiortc.
"""
