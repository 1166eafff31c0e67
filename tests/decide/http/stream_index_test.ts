import assert from "node:assert/strict";
import { matchStream } from "../../../src/decide/http/route.ts";
import type { StreamRoute } from "../../../src/model/route_set.ts";
import { CALL, compileRoutes, stream, tls } from "./routes.ts";

const streamRows: [
  name: string,
  routes: StreamRoute[],
  sni: string | undefined,
  expected: string,
][] = [
  [
    "the exact name",
    [stream("b", ["a.b.c"]), stream("a", ["*.b.c"])],
    "a.b.c",
    "b",
  ],
  ["a name in any case", [stream("b", ["a.b.c"])], "A.b.C", "b"],
  [
    "the longest wildcard",
    [stream("a", ["*.c"]), stream("b", ["*.b.c"])],
    "a.b.c",
    "b",
  ],
  [
    "no wildcard for the name itself",
    [stream("a", ["*.b.c"])],
    "b.c",
    "not-found",
  ],
  ["any name without hostnames", [stream("a"), stream("b", ["x"])], "y", "a"],
  ["no name without hostnames", [stream("a")], undefined, "a"],
  ["no name with hostnames", [stream("a", ["x"])], undefined, "not-found"],
  [
    "the older of two",
    [stream("a", [], { createdAtMs: 2 }), stream("b", [], { createdAtMs: 1 })],
    "x",
    "b",
  ],
  ["a route without rules", [stream("a", [], { rules: [] })], "x", "not-found"],
];
for (const [name, routes, sni, expected] of streamRows) {
  Deno.test(`matchStream() takes ${name}`, () => {
    const call = { ...CALL, port: 443 };
    const found = matchStream(compileRoutes([tls(...routes)]), sni, call);
    assert.equal(
      found.kind === "rule" ? found.route.name : found.kind,
      expected,
    );
  });
}
