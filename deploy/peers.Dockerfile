# The programs beside Curbside that carry sound and SIP, from Debian, in the versions that the tests run.
# docker build -f deploy/peers.Dockerfile --target coturn .
FROM debian:bookworm-slim AS base
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && apt-get update -qq

FROM base AS coturn
RUN apt-get install -qq -y --no-install-recommends coturn && rm -rf /var/lib/apt/lists/*
# As root, of whom compose takes every capability: the key of TLS is root's alone.
ENTRYPOINT ["turnserver", "-c", "/etc/curbside/turnserver.conf", "--pidfile=/tmp/turnserver.pid", "--userdb=/tmp/turndb"]

FROM base AS rtpengine
RUN apt-get install -qq -y --no-install-recommends rtpengine-daemon && rm -rf /var/lib/apt/lists/*
USER rtpengine
ENTRYPOINT ["rtpengine", "--config-file=/etc/curbside/rtpengine.conf"]

FROM base AS kamailio
RUN apt-get install -qq -y --no-install-recommends kamailio && rm -rf /var/lib/apt/lists/*
USER kamailio
ENTRYPOINT ["kamailio", "-DD", "-E", "-f", "/etc/curbside/kamailio.cfg", "-Y", "/tmp", "-P", "/tmp/kamailio.pid"]
