import assert from "node:assert/strict";
import { HttpIndex } from "../../../src/decide/http/route_index.ts";
import { MatchedRequest } from "../../../src/decide/http/matched_request.ts";
import type { PathMatch } from "../../../src/model/http_route.ts";
import { exact, match, named, prefix, request, route, rule } from "./routes.ts";

/** Counts how many matches get as far as their header. */
class Counted extends MatchedRequest {
  asked = 0;
  override header(name: string): string | undefined {
    this.asked++;
    return super.header(name);
  }
}

const kinds: [name: string, path: (index: number) => PathMatch][] = [
  ["exact paths", (index) => exact(`/p${index}/x`)],
  ["prefixes", (index) => prefix(`/p${index}`)],
  ["gRPC methods", (index) => ({
    kind: "grpc",
    service: { kind: "exact", value: `p${index}` },
    method: { kind: "exact", value: "x" },
  })],
  ["gRPC services", (index) => ({
    kind: "grpc",
    service: { kind: "exact", value: `p${index}` },
  })],
];
for (const [name, path] of kinds) {
  Deno.test(`HttpIndex asks one match of 5,000 routes by ${name}`, () => {
    const index = new HttpIndex(
      Array.from({ length: 5_000 }, (_, at) =>
        route(`r${at}`, [
          rule("", [match({ path: path(at), headers: [named("a", "1")] })]),
        ])),
    );
    const hit = new Counted(request("/p77/x", { headers: [["a", "1"]] }));
    assert.equal(index.find(hit)?.route.name, "r77");
    assert.equal(hit.asked, 1);
    const miss = new Counted(request("/q/x"));
    assert.equal(index.find(miss), undefined);
    assert.equal(miss.asked, 0);
  });
}
