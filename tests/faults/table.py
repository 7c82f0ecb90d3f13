"""Every fault that the protocol lists, in its order, and the stacks on which it can happen.

On `embedded` there is no second process, no Redis and no PostgreSQL; in-process rings are function calls, which no one
can double or reorder from outside (`tests/realtime/test_streams.py` does it inside).
"""

from __future__ import annotations

from tests.faults import clocks, database, doorbell, hostile, network, readers, servers
from tests.faults.scene import LIBRARY, Fault
from tests.faults.stacks import DAPHNE, EMBEDDED, SEVERAL

TWO = (SEVERAL, DAPHNE)
ALL = (SEVERAL, DAPHNE, EMBEDDED)

FAULTS = (
    Fault("kill -9 of one of two", servers.kill_one, TWO, LIBRARY),
    Fault("kill -9 of one with many clients", servers.kill_crowded, TWO, LIBRARY),
    Fault("kill -9 of all", servers.kill_all, ALL),
    Fault("drain under load", servers.drain, ALL, LIBRARY),
    Fault("Redis killed and restarted", doorbell.killed_and_restarted, TWO),
    Fault("Redis down for 5 s", doorbell.down_for_five_seconds, TWO),
    Fault("Redis down for good", doorbell.down_for_good, TWO),
    Fault("Redis paused", doorbell.paused, TWO),
    Fault("Redis: connections cut", doorbell.connections_cut, TWO),
    Fault("PostgreSQL restarted at once", database.restarted, TWO),
    Fault("PostgreSQL away", database.away, TWO),
    Fault("PostgreSQL paused", database.paused, TWO),
    Fault("PostgreSQL out of connections", database.out_of_connections, TWO),
    Fault("PostgreSQL: a deadlock", database.deadlock, TWO),
    Fault("PostgreSQL: serialization failures", database.serialization_failure, TWO),
    Fault("committed, PostgreSQL's answer lost", database.answer_lost, TWO),
    Fault("committed, the answer to the client lost", network.cut_down, ALL),
    Fault("the network cut", network.cut, ALL),
    Fault("the network cut one way", network.cut_up, ALL),
    Fault("half-open", network.half_open, ALL),
    Fault("5 % loss", network.lossy, ALL),
    Fault("300 ms", network.far_away, ALL),
    Fault("a reader that stops", readers.stops, ALL),
    Fault("a reader of 1 kB/s", readers.slow, ALL),
    Fault("all clients reconnect at once", network.everybody_at_once, ALL, LIBRARY),
    Fault("a clock an hour ahead", clocks.ahead, ALL),
    Fault("a clock an hour behind", clocks.behind, ALL),
    Fault("the same c on two sockets at once", readers.same_command_twice, ALL),
    Fault("rings doubled, reordered, stale", doorbell.lying_rings, TWO),
    Fault("hostile frames", hostile.frames, ALL),
    Fault("the disk full", database.disk_full, ALL, needs_disk=True),
)
