"""Where rtpengines take orders, read from the environment as ``settings.env`` does."""

import re

from settings import env

SHAPE = re.compile(r"(?:([A-Za-z0-9.-]+)|\[([0-9A-Fa-f:.]+)\]):([0-9]{1,5})")


def endpoints(name: str, use: str) -> list[tuple[str, int]]:
    """Hosts and ports, ``10.0.0.6:2223,[2001:db8::6]:2223``, none twice."""

    def parse(raw: str) -> list[tuple[str, int]]:
        found = []
        for word in raw.split(","):
            matched = SHAPE.fullmatch(word.strip())
            if matched is None or not 0 < int(matched[3]) < 65536:
                raise ValueError
            found.append((matched[1] or matched[2], int(matched[3])))
        if len(set(found)) < len(found):
            raise ValueError
        return found

    return env.read(name, parse, "host:port, separated by commas, none twice", [], use, shown="")
