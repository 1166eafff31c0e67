/** The index against a matcher that asks every match in turn. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  comparePlaced,
  type PlacedMatch,
} from "../../../src/decide/http/precedence.ts";
import { matchRoute } from "../../../src/decide/http/route.ts";
import type { HttpRequest } from "../../../src/model/http.ts";
import type {
  HttpMatch,
  HttpRoute,
  NamedMatch,
  PathMatch,
  TextMatch,
} from "../../../src/model/http_route.ts";
import {
  CALL,
  compileRoutes,
  exact,
  prefix,
  regex,
  request,
  route,
  rule,
  set,
} from "./routes.ts";

/** As whatever is read from JSON. */
const PLAIN = { noNullPrototype: true } as const;

// Few words, so that random routes and requests meet.
const word = fc.constantFrom("a", "b", "ab");
const text: fc.Arbitrary<TextMatch> = fc.record({
  kind: fc.constantFrom("exact", "regex"),
  value: word,
}, PLAIN);
const named: fc.Arbitrary<NamedMatch[]> = fc.uniqueArray(
  fc.record({ name: word, match: text }, PLAIN),
  { maxLength: 2, selector: ({ name }) => name },
);
const segments = fc.array(word, { maxLength: 3 });
const path = segments.map((list) => `/${list.join("/")}`);
const httpPath: fc.Arbitrary<PathMatch> = fc.oneof(
  path.map(exact),
  segments.map((list) => prefix(list.map((s) => `/${s}`).join(""))),
  fc.constantFrom("/.*", "/a.*", "/(a|b)/.*").map(regex),
);
const grpcPath: fc.Arbitrary<PathMatch> = fc.record({
  kind: fc.constant("grpc"),
  service: text,
  method: text,
}, { ...PLAIN, requiredKeys: ["kind"] });

const matchOf = (paths: fc.Arbitrary<PathMatch>): fc.Arbitrary<HttpMatch> =>
  fc.record({
    path: paths,
    method: fc.constantFrom("GET", "POST"),
    headers: named,
    query: named,
  }, { ...PLAIN, requiredKeys: ["path", "headers", "query"] });

const routesOf = (
  matches: fc.Arbitrary<HttpMatch>,
): fc.Arbitrary<HttpRoute[]> =>
  fc.array(
    fc.record({
      rules: fc.array(fc.array(matches, { minLength: 1, maxLength: 3 }), {
        maxLength: 3,
      }),
      createdAtMs: fc.constantFrom(0, 1, 2),
    }),
    { maxLength: 6 },
  ).map((drafts) =>
    drafts.map(({ rules, createdAtMs }, index) =>
      route(`r${index}`, rules.map((list) => rule("", list)), { createdAtMs })
    )
  );

const asked: fc.Arbitrary<HttpRequest> = fc.record({
  path,
  query: fc.array(fc.tuple(word, word), { maxLength: 3 }),
  headers: fc.array(fc.tuple(word, word), { maxLength: 3 }),
  method: fc.constantFrom("GET", "POST"),
}).map(({ path, query, headers, method }) =>
  request(`${path}?${query.map((pair) => pair.join("=")).join("&")}`, {
    headers,
    method,
  })
);

const placesOf = (routes: readonly HttpRoute[]): PlacedMatch[] =>
  routes.flatMap((route) =>
    route.rules.flatMap(({ matches }, ruleIndex) =>
      matches.map((match, matchIndex) => ({
        match,
        route,
        ruleIndex,
        matchIndex,
      }))
    )
  );

const textIs = (
  { kind, value }: TextMatch,
  text: string | undefined,
): boolean =>
  text !== undefined &&
  (kind === "exact" ? text === value : new RegExp(`^(?:${value})$`).test(text));

function pathIs(wanted: PathMatch, path: string): boolean {
  switch (wanted.kind) {
    case "exact":
    case "regex":
      return textIs(wanted, path);
    case "prefix":
      return `${path}/`.startsWith(`${wanted.value}/`);
    case "grpc": {
      if (!wanted.service && !wanted.method) return true;
      const [first, service, method, ...more] = path.split("/");
      return first === "" && more.length === 0 && method !== undefined &&
        (!wanted.service || textIs(wanted.service, service)) &&
        (!wanted.method || textIs(wanted.method, method));
    }
  }
}

/** Written apart from what it is to check: through standard URL and list functions. */
function holds(wanted: HttpMatch, asked: HttpRequest): boolean {
  const url = new URL(asked.path, "http://echo");
  const header = (name: string) => {
    const values = asked.headers.filter(([n]) => n === name).map(([, v]) => v);
    return values.length === 0 ? undefined : values.join(",");
  };
  return pathIs(wanted.path, url.pathname) &&
    (wanted.method ?? asked.method) === asked.method &&
    wanted.headers.every(({ name, match }) => textIs(match, header(name))) &&
    wanted.query.every(({ name, match }) =>
      textIs(match, url.searchParams.get(name) ?? undefined)
    );
}

for (const [kind, paths] of [["HTTP", httpPath], ["gRPC", grpcPath]] as const) {
  Deno.test(`matchRoute() finds for ${kind} what a search through all finds`, () => {
    fc.assert(
      fc.property(routesOf(matchOf(paths)), asked, (routes, asked) => {
        const best = placesOf(routes).sort(comparePlaced)
          .find(({ match }) => holds(match, asked));
        const found = matchRoute(compileRoutes([set(routes)]), asked, CALL);
        assert.equal(found.kind, best === undefined ? "not-found" : "rule");
        if (found.kind !== "rule") return;
        assert.deepEqual(found.match, best?.match);
        assert.deepEqual(found.route, best?.route);
      }),
      { numRuns: 500 },
    );
  });

  Deno.test(`matchRoute() gives the same for ${kind} in any order of routes`, () => {
    fc.assert(
      fc.property(
        routesOf(matchOf(paths)).chain((routes) =>
          fc.tuple(
            fc.constant(routes),
            fc.shuffledSubarray(routes, { minLength: routes.length }),
          )
        ),
        asked,
        ([routes, shuffled], asked) =>
          assert.deepEqual(
            matchRoute(compileRoutes([set(routes)]), asked, CALL),
            matchRoute(compileRoutes([set(shuffled)]), asked, CALL),
          ),
      ),
      { numRuns: 200 },
    );
  });

  Deno.test(`comparePlaced() orders the matches of ${kind} totally`, () => {
    fc.assert(
      fc.property(routesOf(matchOf(paths)), (routes) => {
        const places = placesOf(routes).sort(comparePlaced);
        for (const [at, place] of places.entries()) {
          for (const later of places.slice(at + 1)) {
            assert.ok(comparePlaced(place, later) < 0);
            assert.ok(comparePlaced(later, place) > 0);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
}
