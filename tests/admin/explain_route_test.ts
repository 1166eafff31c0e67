import { deepEqual, equal } from "node:assert/strict";
import { Hono } from "hono";
import { type Explain, explainRoute } from "../../src/admin/explain_route.ts";
import type {
  ExplainQuestion,
  Explanation,
} from "../../src/model/explanation.ts";

const ANSWER: Explanation = {
  from: "a",
  to: "b",
  verdict: "allow",
  because: "no ALLOW policy applies",
  ways: [{
    verdict: "allow",
    because: "no ALLOW policy applies",
    steps: [{ at: "outbound", about: "route", says: "straight" }],
  }],
  more: false,
};

function serve(explain: Explain): Hono {
  return new Hono().all("/explain", (c) => explainRoute(c, explain));
}

Deno.test("GET /explain answers with what was asked about", async () => {
  const asked: ExplainQuestion[] = [];
  const app = serve((question) => {
    asked.push(question);
    return ANSWER;
  });
  const response = await app.request(
    "/explain?from=ns%2Fpod&to=[fd00::1]:80&method=GET&path=/a%3Fb",
  );
  equal(response.status, 200);
  equal(response.headers.get("content-type"), "application/json");
  deepEqual(await response.json(), ANSWER);
  await app.request("/explain?from=10.0.0.1&to=web:80");
  deepEqual(asked, [
    {
      from: "ns/pod",
      to: "[fd00::1]:80",
      request: { method: "GET", path: "/a?b" },
    },
    { from: "10.0.0.1", to: "web:80" },
  ]);
});

const refusals: [query: string, error: string][] = [
  ["from=a/b", "Cannot explain: want from and to"],
  ["from=&to=b:1", "Cannot explain: want from and to"],
  ["from=a/b&to=c:1&path=/", "Cannot explain: method and path go together"],
  ["from=a/b&to=c:1&method=GET", "Cannot explain: method and path go together"],
  ["from=a/b&to=c:1", "Cannot find it"],
];
for (const [query, error] of refusals) {
  Deno.test(`GET /explain?${query} is answered with 400`, async () => {
    const app = serve(() => ({ error: "Cannot find it" }));
    const response = await app.request(`/explain?${query}`);
    equal(response.status, 400);
    deepEqual(await response.json(), { error });
  });
}

Deno.test("POST /explain is refused", async () => {
  const app = serve(() => ANSWER);
  const response = await app.request("/explain", { method: "POST" });
  equal(response.status, 405);
});
