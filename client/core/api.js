/**
 * The HTTP side: /api/v1 and allauth's headless browser API. JSON in, JSON out, one shape of error.
 *
 * May import nothing. `fetch` and the way to read the CSRF cookie are passed in.
 */

const NETWORK = { code: "network", msg: "", retry: true };
const LEFT = { code: "unauthorized", status: 401 };

/**
 * What went wrong. `status` 0: no answer came. `retry`: the same request may succeed later.
 * `fields`: {name: sentence} for forms.
 */
export class ApiError extends Error {
  constructor({ code, msg = "", status = 0, retry = false, fields = {}, d = null, after = null }) {
    super(msg || code);
    Object.assign(this, { code, msg, status, retry, fields, d, after });
  }

  /** No session, or none any more. */
  get signedOut() {
    return this.status === 401 || this.status === 410;
  }
}

/**
 * Makes the wrapper.
 * @param {{fetch: typeof fetch, csrf: () => string|null, base?: string, authBase?: string, timeoutMs?: number,
 *   clock?: {now: () => number, setTimeout: Function, clearTimeout: Function}, token?: string|null}} parts
 *   csrf: the value of the CSRF cookie; token: for programs instead of cookies
 */
export function createApi({
  fetch,
  csrf,
  base = "/api/v1",
  authBase = "/_allauth/browser/v1",
  timeoutMs = 20_000,
  clock = {
    now: () => Date.now(),
    setTimeout: (work, ms) => setTimeout(work, ms),
    clearTimeout: (timer) => clearTimeout(timer),
  },
  token = null,
}) {
  let skew = 0;
  let turn = 0; // whose answers these are: it rises when a member leaves
  /** A page out of the cache brings no CSRF cookie; any answer of allauth does. */
  const ensureCsrf = async () => {
    if (token === null && !csrf()) await fetch(`${authBase}/config`, { credentials: "same-origin" }).catch(() => null);
  };
  const ask = async (url, { method = "GET", body } = {}) => {
    if (method !== "GET") await ensureCsrf();
    const stop = new AbortController();
    const timer = clock.setTimeout(() => stop.abort(), timeoutMs);
    try {
      const response = await fetch(url, {
        method,
        signal: stop.signal,
        credentials: token ? "omit" : "same-origin",
        cache: "no-store",
        headers: headersOf({ method, body, token, csrf }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      skew = skewOf(response, clock.now());
      return response;
    } catch {
      throw new ApiError(NETWORK);
    } finally {
      clock.clearTimeout(timer);
    }
  };
  const call = async (path, options) => {
    const mine = turn;
    const response = await ask(base + path, options);
    const json = await bodyOf(response);
    if (mine !== turn) throw new ApiError(LEFT);
    if (!response.ok) throw errorOf(response, json);
    return json;
  };
  return {
    byToken: token !== null,
    get: (path) => call(path),
    post: (path, body = {}) => call(path, { method: "POST", body }),
    put: (path, body = {}) => call(path, { method: "PUT", body }),
    patch: (path, body = {}) => call(path, { method: "PATCH", body }),
    delete: (path, body) => call(path, { method: "DELETE", body }),
    /**
     * A request to allauth: gives {status, data, meta}. Under /auth/ a 401 with flows is a step of a sign-in (or the end
     * of a session) and no failure; elsewhere every 401 is one, `reauthenticate` where the password has to be said again.
     */
    auth: async (path, options = {}) => {
      const response = await ask(authBase + path, options);
      const json = (await bodyOf(response)) ?? {};
      const flows = response.status === 401 && Array.isArray(json.data?.flows) ? json.data.flows : null;
      const step = flows !== null && path.startsWith("/auth/");
      if (!response.ok && !step) throw errorOf(response, again(flows) ? { code: "reauthenticate" } : json);
      return { status: response.status, data: json.data ?? null, meta: json.meta ?? {} };
    },
    /** A ticket for the line, with its life measured on the service's clock: the device's own may be wrong. */
    ticket: async () => {
      const response = await ask(`${base}/ticket`, { method: "POST", body: {} });
      const json = await bodyOf(response);
      if (!response.ok) throw errorOf(response, json);
      const lifetimeMs = json.expires_in ? json.expires_in * 1000 : json.expires_at * 1000 - clock.now() - skew;
      return { tok: json.ticket, lifetimeMs: Math.max(1000, lifetimeMs) };
    },
    /** The member has left: what was asked for them and is answered late is given to nobody, as on a shared phone. */
    forget: () => {
      turn += 1;
    },
    /** Gives how far the service's clock is ahead of the device's, in ms; 0 while they agree within two seconds. */
    skew: () => skew,
  };
}

/** The header `Date` has whole seconds: half of one is added. */
function skewOf(response, now) {
  const served = Date.parse(response.headers?.get?.("date") ?? "");
  const ahead = served + 500 - now;
  return Number.isFinite(ahead) && Math.abs(ahead) > 2000 ? ahead : 0;
}

function headersOf({ method, body, token, csrf }) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  else if (method !== "GET" && csrf()) headers["x-csrftoken"] = csrf();
  return headers;
}

const again = (flows) => Boolean(flows?.some((flow) => flow.id === "reauthenticate"));

async function bodyOf(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/** Reads the errors of our API ({code, msg}), of ninja ({detail}) and of allauth ({errors: [{code, message, param}]}). */
function errorOf(response, json) {
  const { status } = response;
  const list = Array.isArray(json?.errors) ? json.errors : [];
  const err = json?.err ?? json ?? {};
  const after = Number(response.headers?.get?.("retry-after")) * 1000;
  return new ApiError({
    status,
    code: err.code ?? list[0]?.code ?? CODES[status] ?? (status >= 500 ? "internal" : "refused"),
    msg: err.msg ?? list[0]?.message ?? (typeof json?.detail === "string" ? json.detail : ""),
    retry: err.retry ?? (status === 429 || status >= 500),
    fields: Object.fromEntries(list.filter((one) => one.param).map((one) => [one.param, one.message])),
    d: err.d ?? null,
    after: Number.isFinite(after) && after > 0 ? after : null,
  });
}

const CODES = {
  400: "malformed",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  422: "malformed",
  429: "rate",
};
