import assert from "node:assert/strict";
import type { HttpFilters } from "../../../src/model/http_filters.ts";
import type { HttpRoute } from "../../../src/model/http_route.ts";
import type { Raw } from "../objects.ts";
import {
  config,
  httpRoute,
  keyOf,
  refusalOf,
  ruleOf,
  to,
} from "./route_mesh.ts";

const block = (type: string, body: Raw): Raw => ({
  type,
  [
    type === "CORS"
      ? "cors"
      : type === "URLRewrite"
      ? "urlRewrite"
      : type[0]!.toLowerCase() + type.slice(1)
  ]: body,
});
const request = (body: Raw) => block("RequestHeaderModifier", body);
const redirect = (body: Raw) => block("RequestRedirect", body);
const rewrite = (body: Raw) => block("URLRewrite", body);
const cors = (body: Raw) => block("CORS", body);
const mirror = (body: Raw) =>
  block("RequestMirror", { backendRef: to("echo-v2"), ...body });

const v2 = { kind: "service", service: keyOf("echo-v2"), port: 80 } as const;
const CORS = {
  allowOrigins: [],
  allowCredentials: false,
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  maxAgeSeconds: 5,
};

const rows: [name: string, filter: Raw, filters: Partial<HttpFilters>][] = [
  [
    "header changes",
    request({
      set: [{ name: "X-A", value: "1" }, { name: "x-a", value: "2" }],
      add: [{ name: "B", value: "x y" }],
      remove: ["C", "c"],
    }),
    {
      requestHeaders: {
        set: [["x-a", "1"]],
        add: [["b", "x y"]],
        remove: ["c"],
      },
    },
  ],
  ["a host that is set", request({ set: [{ name: "Host", value: "a" }] }), {
    requestHeaders: { set: [["host", "a"]], add: [], remove: [] },
  }],
  [
    "changes of the response",
    block("ResponseHeaderModifier", { remove: ["Server"] }),
    {
      responseHeaders: { set: [], add: [], remove: ["server"] },
    },
  ],
  [
    "a redirect",
    redirect({
      scheme: "https",
      hostname: "Example.org",
      port: 8443,
      statusCode: 308,
    }),
    {
      redirect: {
        scheme: "https",
        hostname: "example.org",
        port: 8443,
        status: 308,
      },
    },
  ],
  ["a redirect of 302", redirect({}), { redirect: { status: 302 } }],
  [
    "a redirect of a prefix",
    redirect({
      path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/x" },
    }),
    {
      redirect: { path: { kind: "prefix", value: "/x" }, status: 302 },
    },
  ],
  [
    "a rewrite",
    rewrite({
      hostname: "a.b",
      path: { type: "ReplaceFullPath", replaceFullPath: "/x" },
    }),
    {
      rewrite: { hostname: "a.b", path: { kind: "full", value: "/x" } },
    },
  ],
  [
    "a rewrite to no prefix",
    rewrite({ path: { type: "ReplacePrefixMatch", replacePrefixMatch: "" } }),
    {
      rewrite: { path: { kind: "prefix", value: "" } },
    },
  ],
  ["a mirror", mirror({}), { mirrors: [{ target: v2, share: 1 }] }],
  ["a mirror of percents", mirror({ percent: 42 }), {
    mirrors: [{ target: v2, share: 0.42 }],
  }],
  ["a mirror of none", mirror({ percent: 0 }), {
    mirrors: [{ target: v2, share: 0 }],
  }],
  [
    "a mirror of a fraction",
    mirror({ fraction: { numerator: 1, denominator: 8 } }),
    {
      mirrors: [{ target: v2, share: 0.125 }],
    },
  ],
  ["a mirror of hundredths", mirror({ fraction: { numerator: 5 } }), {
    mirrors: [{ target: v2, share: 0.05 }],
  }],
  [
    "any origin",
    cors({ allowOrigins: ["*"], allowCredentials: true, maxAge: 60 }),
    {
      cors: {
        ...CORS,
        allowOrigins: [{ kind: "any" }],
        allowCredentials: true,
        maxAgeSeconds: 60,
      },
    },
  ],
  [
    "origins",
    cors({ allowOrigins: ["https://A.example", "http://*.b:81", "x://c"] }),
    {
      cors: {
        ...CORS,
        allowOrigins: [
          {
            kind: "origin",
            scheme: "https",
            host: { kind: "exact", value: "a.example" },
            port: 443,
          },
          {
            kind: "origin",
            scheme: "http",
            host: { kind: "suffix", value: ".b" },
            port: 81,
          },
          {
            kind: "origin",
            scheme: "x",
            host: { kind: "exact", value: "c" },
            port: undefined,
          },
        ],
      },
    },
  ],
  [
    "any method and header",
    cors({
      allowMethods: ["GET", "*"],
      allowHeaders: ["*"],
      exposeHeaders: ["a", "b"],
    }),
    {
      cors: {
        ...CORS,
        allowMethods: ["*"],
        allowHeaders: ["*"],
        exposeHeaders: ["a", "b"],
      },
    },
  ],
];
for (const [name, filter, filters] of rows) {
  Deno.test(`waypointConfig() reads the filter of ${name}`, () => {
    const rule = ruleOf({ filters: [filter] });
    assert.deepEqual(rule.filters, { mirrors: [], ...filters });
    assert.notEqual(rule.action.kind, "invalid");
  });
}

Deno.test("waypointConfig() reads the filters of a backend", () => {
  const { action } = ruleOf({
    backendRefs: [
      to("echo-v1", { filters: [rewrite({ hostname: "a" })] }),
      to("echo-v2", { filters: [redirect({ port: 81 })] }),
    ],
  });
  assert.ok(action.kind === "forward");
  assert.deepEqual(action.backends.map(({ filters }) => filters), [
    { mirrors: [], rewrite: { hostname: "a" } },
    { mirrors: [], redirect: { port: 81, status: 302 } },
  ]);
});

Deno.test("waypointConfig() takes several mirrors, and a redirect as an end", () => {
  assert.equal(
    ruleOf({ filters: [mirror({}), mirror({})] }).filters.mirrors.length,
    2,
  );
  assert.deepEqual(ruleOf({ filters: [redirect({})] }).action, {
    kind: "redirect",
  });
});

const AT = "spec.rules[0].filters[0]";
const badRows: [
  name: string,
  rule: Raw,
  why: string,
  kind?: HttpRoute["kind"],
][] = [
  ["ExtensionRef", {
    filters: [{ type: "ExtensionRef", extensionRef: { kind: "X", name: "x" } }],
  }, `${AT} has the type ExtensionRef, not supported here`],
  [
    "ExternalAuth",
    { filters: [{ type: "ExternalAuth", externalAuth: {} }] },
    `${AT} has the type ExternalAuth, not supported here`,
  ],
  [
    "a rewrite in a GRPCRoute",
    { filters: [rewrite({})] },
    `${AT} has the type URLRewrite, not supported here`,
    "GRPCRoute",
  ],
  [
    "CORS at a backend",
    { backendRefs: [to("echo-v1", { filters: [cors({})] })] },
    "spec.rules[0].backendRefs[0].filters[0] has the type CORS, not supported here",
  ],
  [
    "two of a type",
    { filters: [request({}), request({})] },
    "spec.rules[0].filters[1] is a second RequestHeaderModifier",
  ],
  [
    "nothing under its type",
    { filters: [{ type: "RequestMirror", cors: {} }] },
    `${AT} has no requestMirror`,
  ],
  [
    "content-length",
    { filters: [request({ set: [{ name: "Content-Length", value: "0" }] })] },
    `${AT}.requestHeaderModifier.set names "content-length", which no route may change`,
  ],
  [
    "transfer-encoding",
    { filters: [request({ remove: ["transfer-encoding"] })] },
    `${AT}.requestHeaderModifier.remove names "transfer-encoding", which no route may change`,
  ],
  ["a second host", {
    filters: [request({ add: [{ name: "host", value: "a" }] })],
  }, `${AT}.requestHeaderModifier.add names "host", which no route may change`],
  [
    "a status that is no redirect",
    { filters: [redirect({ statusCode: 200 })] },
    `${AT}.requestRedirect.statusCode is none of 301, 302, 303, 307, 308`,
  ],
  ["a scheme that is no scheme of the web", {
    filters: [redirect({ scheme: "ftp" })],
  }, `${AT}.requestRedirect.scheme is neither http nor https`],
  ["a replacement without a type's field", {
    filters: [
      rewrite({ path: { type: "ReplaceFullPath", replacePrefixMatch: "/" } }),
    ],
  }, `${AT}.urlRewrite.path needs a type, and the field of that type`],
  [
    "a prefix where none is matched",
    {
      matches: [{ path: { type: "Exact", value: "/a" } }],
      filters: [
        rewrite({
          path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" },
        }),
      ],
    },
    `${AT}.urlRewrite.path replaces a prefix, and not every match is a PathPrefix`,
  ],
  [
    "redirect and rewrite",
    { filters: [redirect({}), rewrite({})] },
    "spec.rules[0].filters has both a RequestRedirect and a URLRewrite",
  ],
  [
    "a redirect beside backends",
    { filters: [redirect({})], backendRefs: [to("echo-v1")] },
    "spec.rules[0].backendRefs stands beside a RequestRedirect, which sends nothing on",
  ],
  ["percent and fraction", {
    filters: [mirror({ percent: 1, fraction: { numerator: 1 } })],
  }, `${AT}.requestMirror has both percent and fraction`],
  ["more than the whole", {
    filters: [mirror({ fraction: { numerator: 3, denominator: 2 } })],
  }, `${AT}.requestMirror.fraction is more than the whole`],
  [
    "an origin with a path",
    { filters: [cors({ allowOrigins: ["https://a", "https://a/b"] })] },
    `${AT}.cors.allowOrigins[1] is no origin: SCHEME://HOST[:PORT], a leading * in HOST, or *`,
  ],
  [
    "an origin with a star within",
    { filters: [cors({ allowOrigins: ["https://a.*.b"] })] },
    `${AT}.cors.allowOrigins[0] is no origin: SCHEME://HOST[:PORT], a leading * in HOST, or *`,
  ],
];
for (const [name, rule, why, kind] of badRows) {
  Deno.test(`waypointConfig() fails a rule with ${name}`, () => {
    assert.equal(refusalOf(rule, kind), why);
  });
}

Deno.test("waypointConfig() keeps a mirror that is not there out of requests, and says so", () => {
  const filters = [mirror({ backendRef: to("nobody") })];
  const rule = ruleOf({ filters, backendRefs: [to("echo-v1")] });
  assert.equal(rule.filters.mirrors[0]?.target.kind, "invalid");
  assert.equal(rule.action.kind, "forward");
  const { warnings } = config([httpRoute({ rules: [{ filters }] })]);
  assert.deepEqual(warnings, [
    'HTTPRoute "mesh/r": spec.rules[0].filters[0].requestMirror.backendRef names no service: "nobody"',
  ]);
});
