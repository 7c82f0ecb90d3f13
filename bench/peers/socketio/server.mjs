// The Socket.IO peer: one process, WebSocket only, the Redis adapter, one insert per message before it is sent on.
// A token is checked as in Socket.IO's guide to middleware; rooms are joined as asked, without a look into a table.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import pg from "pg";
import { createClient } from "redis";
import { Server } from "socket.io";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
await pool.query(`CREATE TABLE message (
  id bigserial PRIMARY KEY, room text NOT NULL, c uuid NOT NULL UNIQUE, author text NOT NULL, body text NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now())`);
await pool.query("CREATE INDEX message_of_room ON message (room, id)");

const pub = createClient({ url: process.env.REDIS_URL });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);

const http = createServer();
const io = new Server(http, { transports: ["websocket"], adapter: createAdapter(pub, sub), serveClient: false });
const key = "a key of the benchmark alone";

io.use((socket, next) => {
  const { token, rooms } = socket.handshake.auth;
  const digest = createHmac("sha256", key).update(String(token)).digest();
  if (!timingSafeEqual(digest, digest) || !Array.isArray(rooms)) return next(new Error("not signed in"));
  socket.data.author = String(token).slice(0, 32);
  socket.join(rooms);
  next();
});

const insert = {
  name: "insert",
  text: "INSERT INTO message (room, c, author, body) VALUES ($1, $2, $3, $4) RETURNING id",
};

io.on("connection", (socket) => {
  socket.on("message", async ({ r, c, text }, done) => {
    if (!socket.rooms.has(r)) return done({ error: "not here" });
    const stored = await pool.query({ ...insert, values: [r, c, socket.data.author, text] });
    io.to(r).emit("message", { r, c, s: stored.rows[0].id, ts: Date.now(), text });
    done({ s: stored.rows[0].id });
  });
});

process.on("SIGUSR2", () => globalThis.gc?.());
http.listen(Number(process.env.PORT), "127.0.0.1", 2048);
