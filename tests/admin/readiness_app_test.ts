import { deepEqual } from "node:assert/strict";
import { readinessApp } from "../../src/admin/readiness_app.ts";

const rows: [
  pending: string[],
  method: string,
  path: string,
  status: number,
  text: string,
][] = [
  [[], "GET", "/healthz/ready", 200, "ready\n"],
  [["b", "a"], "GET", "/healthz/ready", 503, "not ready, pending: a, b\n"],
  [
    ["draining"],
    "GET",
    "/healthz/ready",
    503,
    "not ready, pending: draining\n",
  ],
  [[], "POST", "/healthz/ready", 405, ""],
  [[], "GET", "/healthz", 404, ""],
  [[], "GET", "/", 404, ""],
];
for (const [pending, method, path, status, text] of rows) {
  Deno.test(`${method} ${path} with [${pending}] pending answers ${status}`, async () => {
    const app = readinessApp({ pending: () => pending });
    const response = await app.request(path, { method });
    deepEqual([response.status, await response.text()], [status, text]);
  });
}
