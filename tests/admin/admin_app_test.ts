import { deepEqual, equal } from "node:assert/strict";
import { adminApp, type AdminSources } from "../../src/admin/admin_app.ts";
import { BODY_MAX, TARGET_MAX } from "../../src/admin/limits.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { Registry } from "../../src/telemetry/metrics.ts";
import { DUMP } from "./fixtures.ts";

function sources(quits: string[] = []): AdminSources {
  const logging = createLogging({
    format: "plain",
    filter: "info",
    write: () => {},
    now: () => new Date(),
  });
  return {
    dump: () => Promise.resolve(DUMP),
    metrics: () => Promise.resolve(new Registry().snapshot()),
    explain: ({ from }) => ({ error: `Cannot find the pod "${from}"` }),
    logging: {
      filter: () => logging.filter,
      merge: (text) => logging.mergeFilter(text),
      reset: (text) => logging.resetFilter(text),
    },
    quit: () => void quits.push("quit"),
  };
}

const app = () => adminApp(sources());

Deno.test("GET /config_dump is sorted JSON", async () => {
  const response = await app().request("/config_dump");
  equal(response.status, 200);
  equal(response.headers.get("content-type"), "application/json");
  const text = await response.text();
  equal(text.startsWith('{\n  "certificates": [],\n  "config": {\n'), true);
  equal(JSON.parse(text).workloads.length, 2);
});

Deno.test("GET /config_dump tells what went wrong", async () => {
  const failing = adminApp({
    ...sources(),
    dump: () => Promise.reject(new Error("worker 1\nis gone")),
  });
  const response = await failing.request("/config_dump");
  deepEqual([response.status, await response.text()], [
    500,
    "worker 1 is gone",
  ]);
});

const logging: [request: string, status: number, start: string][] = [
  ["/logging", 200, "current log level is hickory_server::server=off,info\n"],
  [
    "/logging?level=access=debug",
    200,
    "current log level is hickory_server::server=off,access=debug,info\n",
  ],
  [
    "/logging?level=WARN",
    200,
    "current log level is hickory_server::server=off,warn\n",
  ],
  [
    "/logging?level=",
    200,
    "current log level is hickory_server::server=off,info\n",
  ],
  [
    "/logging?level=debug&reset",
    200,
    "current log level is hickory_server::server=off,debug\n",
  ],
  ["/logging?level=loud", 400, "Invalid level provided: loud\n\nusage: POST"],
  ["/logging?level=a::info", 400, "Invalid level provided: a::info\n"],
  ["/logging?reset&level=loud", 400, "Invalid level provided: loud\n"],
];
for (const [request, status, start] of logging) {
  Deno.test(`POST ${request} answers ${status}`, async () => {
    const response = await app().request(request, { method: "POST" });
    equal(response.status, status);
    equal((await response.text()).slice(0, start.length), start);
  });
}

/** As `istioctl ztunnel-config log` asks, with the flags that make it ask so. */
const byIstioctl: [flags: string, request: string, shown: string][] = [
  ["", "/logging?level=", "hickory_server::server=off,info"],
  ["--level off", "/logging?level=off", "hickory_server::server=off,off"],
  ["--level warning", "/logging?level=warn", "hickory_server::server=off,warn"],
  [
    "--level critical",
    "/logging?level=error",
    "hickory_server::server=off,error",
  ],
  [
    "--level access:debug,info",
    "/logging?level=access:debug,info",
    "hickory_server::server=off,access=debug,info",
  ],
  [
    "--level ztunnel::proxy=trace",
    "/logging?level=ztunnel::proxy=trace",
    "hickory_server::server=off,ztunnel::proxy=trace,info",
  ],
  ["--reset", "/logging?level=info&reset", "hickory_server::server=off,info"],
];
for (const [flags, request, shown] of byIstioctl) {
  Deno.test(`POST ${request} serves istioctl log ${flags}`, async () => {
    const response = await app().request(request, { method: "POST" });
    equal(response.status, 200);
    equal(await response.text(), `current log level is ${shown}\n`);
  });
}

Deno.test("POST /logging?reset forgets what was merged", async () => {
  const one = app();
  await one.request("/logging?level=trace,dns=off", { method: "POST" });
  const response = await one.request("/logging?reset", { method: "POST" });
  equal(
    await response.text(),
    "current log level is hickory_server::server=off,info\n",
  );
});

Deno.test("GET /logging changes nothing and shows the usage", async () => {
  const one = app();
  const response = await one.request("/logging?level=trace");
  equal(response.status, 405);
  equal(
    (await response.text()).startsWith("Invalid HTTP method\n \nusage: "),
    true,
  );
  const shown = await one.request("/logging", { method: "POST" });
  equal((await shown.text()).includes("trace"), false);
});

Deno.test("POST /quitquitquit begins the shutdown, GET does not", async () => {
  const quits: string[] = [];
  const one = adminApp(sources(quits));
  const refused = await one.request("/quitquitquit");
  deepEqual([refused.status, await refused.text(), quits.length], [405, "", 0]);
  const done = await one.request("/quitquitquit", { method: "POST" });
  deepEqual([done.status, await done.text(), quits.length], [
    200,
    "shutdown now\n",
    1,
  ]);
});

Deno.test("GET / names every endpoint and may not be framed", async () => {
  const response = await app().request("/");
  const text = await response.text();
  for (const path of ["config_dump", "logging", "metrics", "quitquitquit"]) {
    equal(text.includes(`"${path}"`), true, path);
  }
  equal(
    response.headers.get("content-security-policy")!.includes(
      "frame-ancestors 'none'",
    ),
    true,
  );
});

Deno.test("GET /metrics is the exposition", async () => {
  equal(await (await app().request("/metrics")).text(), "# EOF\n");
});

Deno.test("GET /nope is an empty 404", async () => {
  const response = await app().request("/nope");
  deepEqual([response.status, await response.text()], [404, ""]);
});

const hosts: [host: string, status: number][] = [
  ["localhost", 200],
  ["LOCALHOST:15000", 200],
  ["127.0.0.1:15000", 200],
  ["[::1]:8080", 200],
  ["evil.example", 403],
  ["localhost.evil.example:15000", 403],
  ["127.0.0.1.evil.example", 403],
  ["10.0.0.1:15000", 403],
  ["::1", 403],
  ["", 403],
];
for (const [host, status] of hosts) {
  Deno.test(`GET / for host "${host}" answers ${status}`, async () => {
    const response = await app().request("/", { headers: { host } });
    equal(response.status, status);
  });
}

Deno.test("GET by address of this machine's network is refused without a Host header too", async () => {
  equal((await app().request("http://10.0.0.1:15000/")).status, 403);
});

const posts: [headers: Record<string, string>, status: number][] = [
  [{}, 200],
  [{ origin: "http://localhost:15000" }, 200],
  [{ "sec-fetch-site": "same-origin" }, 200],
  [{ "sec-fetch-site": "none" }, 200],
  [{ origin: "http://localhost:3000" }, 403],
  [{ origin: "https://evil.example" }, 403],
  [{ origin: "null" }, 403],
  [{ "sec-fetch-site": "cross-site" }, 403],
  [{ "sec-fetch-site": "same-site" }, 403],
];
for (const [headers, status] of posts) {
  Deno.test(`POST with ${JSON.stringify(headers)} answers ${status}`, async () => {
    const quits: string[] = [];
    const response = await adminApp(sources(quits)).request("/quitquitquit", {
      method: "POST",
      headers: { host: "localhost:15000", ...headers },
    });
    deepEqual([response.status, quits.length], [
      status,
      status === 200 ? 1 : 0,
    ]);
  });
}

Deno.test("requests past their limits are refused", async () => {
  const long = await app().request(`/?${"a".repeat(TARGET_MAX)}`);
  equal(long.status, 414);
  const big = await app().request("/logging", {
    method: "POST",
    body: "a".repeat(BODY_MAX + 1),
  });
  equal(big.status, 413);
});

Deno.test("a route added later stands behind the guards", async () => {
  const one = app().get("/later", (c) => c.text("yes"));
  equal(await (await one.request("/later")).text(), "yes");
  const foreign = await one.request("/later", {
    headers: { host: "evil.example" },
  });
  equal(foreign.status, 403);
});
