import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, createApi } from "../../../client/core/api.js";
import { FakeClock, settle } from "./fakes.mjs";

/** A service that gives one answer, and what it was asked. */
function service(status, body, { headers = {}, clock = new FakeClock(), token = null } = {}) {
  const asked = [];
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    if (status === 0) throw new TypeError("failed to fetch");
    return { ok: status < 400, status, headers: new Headers(headers), json: async () => JSON.parse(body) };
  };
  return { asked, api: createApi({ fetch, csrf: () => "c5", clock, token }) };
}

test("a request carries JSON, the session's cookies and, where it changes something, the CSRF token", async () => {
  const { api, asked } = service(200, '{"a":1}');
  assert.deepEqual(await api.get("/me"), { a: 1 });
  await api.patch("/me", { languages: ["en"] });
  assert.deepEqual(
    [asked[0].url, asked[0].headers["x-csrftoken"], asked[0].credentials],
    ["/api/v1/me", undefined, "same-origin"],
  );
  assert.deepEqual(
    [asked[1].method, asked[1].headers["x-csrftoken"], asked[1].body],
    ["PATCH", "c5", '{"languages":["en"]}'],
  );
});

test("a program says its token and no cookie", async () => {
  const { api, asked } = service(200, "{}", { token: "t" });
  await api.post("/ticket");
  assert.deepEqual(
    [asked[0].headers.authorization, asked[0].credentials, asked[0].headers["x-csrftoken"]],
    ["Bearer t", "omit", undefined],
  );
});

test("errors of all three shapes become one", async () => {
  const of = (status, body, more) =>
    service(status, body, more)
      .api.get("/x")
      .then(
        () => null,
        (error) => error,
      );
  const own = await of(429, '{"code":"rate","msg":"Too much.","retry":true}', { headers: { "retry-after": "3" } });
  assert.ok(own instanceof ApiError);
  assert.deepEqual([own.code, own.msg, own.retry, own.after], ["rate", "Too much.", true, 3000]);
  const ninja = await of(422, '{"detail":[{"loc":["body"],"msg":"x"}]}');
  assert.deepEqual([ninja.code, ninja.msg, ninja.retry], ["malformed", "", false]);
  const allauth = await of(
    400,
    '{"status":400,"errors":[{"code":"email_password_mismatch","message":"Wrong.","param":"password"}]}',
  );
  assert.deepEqual([allauth.code, allauth.fields], ["email_password_mismatch", { password: "Wrong." }]);
  const page = await of(502, "<html>");
  assert.deepEqual([page.code, page.retry], ["internal", true]);
  const gone = await of(0, "");
  assert.deepEqual([gone.code, gone.status, gone.retry], ["network", 0, true]);
  assert.equal((await of(401, "{}")).signedOut, true);
});

test("a step of a sign-in that waits for another one is no error", async () => {
  const { api } = service(
    401,
    '{"status":401,"data":{"flows":[{"id":"mfa_authenticate"}]},"meta":{"is_authenticated":false}}',
  );
  const step = await api.auth("/auth/login", { method: "POST", body: {} });
  assert.equal(step.data.flows[0].id, "mfa_authenticate");
});

test("beyond a sign-in a 401 with flows is a failure, and says where the password is wanted again", async () => {
  const body = (id) => JSON.stringify({ status: 401, data: { flows: [{ id }] }, meta: { is_authenticated: true } });
  const add = (id) => service(401, body(id)).api.auth("/account/authenticators/totp", { method: "POST", body: { code: "1" } });
  await assert.rejects(add("reauthenticate"), { code: "reauthenticate", status: 401 });
  await assert.rejects(add("login"), { code: "unauthorized", status: 401 });
});

test("a ticket's life is measured on the service's clock", async () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 1, 13, 0, 0)); // one hour ahead
  const expires = Date.UTC(2026, 0, 1, 12, 15, 0) / 1000;
  const { api } = service(200, JSON.stringify({ ticket: "t", expires_at: expires }), {
    clock,
    headers: { date: "Thu, 01 Jan 2026 12:00:00 GMT" },
  });
  const { tok, lifetimeMs } = await api.ticket();
  assert.deepEqual([tok, Math.round(lifetimeMs / 60_000)], ["t", 15]);
  assert.equal(api.skew(), -3_599_500);
});

test("an answer that does not come is given up", async () => {
  const clock = new FakeClock();
  const fetch = (_url, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const api = createApi({ fetch, csrf: () => null, clock });
  const answer = api.get("/me").catch((error) => error);
  await clock.advance(20_000);
  await settle();
  assert.equal((await answer).code, "network");
});

test("what was asked for a member who has left is given to nobody, and the next one's answers come", async () => {
  const waiting = [];
  const fetch = () => new Promise((answer) => waiting.push(answer));
  const say = (body) => waiting.shift()({ ok: true, status: 200, headers: new Headers(), json: async () => body });
  const api = createApi({ fetch, csrf: () => null, clock: new FakeClock() });
  const before = api.get("/calls").then(() => "given", (error) => error.signedOut);
  api.forget();
  const after = api.get("/calls");
  say({ items: ["hers"] });
  say({ items: ["his"] });
  assert.equal(await before, true);
  assert.deepEqual(await after, { items: ["his"] });
});
