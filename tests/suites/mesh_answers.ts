/** The Gateway API's mesh conformance tests: redirects, rewrites, weights, gRPC. */
import type { HeaderList } from "../../src/model/http.ts";
import type { Raw } from "../kube/objects.ts";
import {
  at80,
  Cases,
  filter,
  path,
  v1,
} from "../kube/routes/route_conformance.ts";
import { httpRoute, routeOf, to } from "../kube/routes/route_mesh.ts";

export const MESH_ANSWERS = new Cases();

const redirects = (rules: Record<string, Raw>) => [
  httpRoute({
    ...at80,
    rules: Object.entries(rules).map(([prefix, body]) => ({
      matches: [path(prefix)],
      filters: [filter("RequestRedirect", body)],
    })),
  }),
];

MESH_ANSWERS.add(
  "MeshHTTPRouteRedirectHostAndStatus",
  redirects({
    "/hostname-redirect": { hostname: "example.org" },
    "/host-and-status": { hostname: "example.org", statusCode: 301 },
  }),
  [
    [{ path: "/hostname-redirect" }, {
      status: 302,
      location: "http://example.org/hostname-redirect",
    }],
    [{ path: "/host-and-status" }, {
      status: 301,
      location: "http://example.org/host-and-status",
    }],
  ],
);

const replacePrefix = (replacePrefixMatch: string) => ({
  path: { type: "ReplacePrefixMatch", replacePrefixMatch },
});
const replaceFull = (replaceFullPath: string) => ({
  path: { type: "ReplaceFullPath", replaceFullPath },
});
MESH_ANSWERS.add(
  "MeshHTTPRouteRedirectPath",
  redirects({
    "/original-prefix": replacePrefix("/replacement-prefix"),
    "/full": replaceFull("/full-path-replacement"),
    "/path-and-host": {
      ...replacePrefix("/replacement-prefix"),
      hostname: "example.org",
    },
    "/path-and-status": {
      ...replacePrefix("/replacement-prefix"),
      statusCode: 301,
    },
    "/full-path-and-host": {
      ...replaceFull("/replacement-full"),
      hostname: "example.org",
    },
    "/full-path-and-status": {
      ...replaceFull("/replacement-full"),
      statusCode: 301,
    },
  }),
  [
    [{ path: "/original-prefix/lemon" }, {
      status: 302,
      location: "http://echo/replacement-prefix/lemon",
    }],
    [{ path: "/full/path/original" }, {
      status: 302,
      location: "http://echo/full-path-replacement",
    }],
    [{ path: "/path-and-host" }, {
      status: 302,
      location: "http://example.org/replacement-prefix",
    }],
    [{ path: "/path-and-status" }, {
      status: 301,
      location: "http://echo/replacement-prefix",
    }],
    [{ path: "/full-path-and-host" }, {
      status: 302,
      location: "http://example.org/replacement-full",
    }],
    [{ path: "/full-path-and-status" }, {
      status: 301,
      location: "http://echo/replacement-full",
    }],
  ],
);

MESH_ANSWERS.add(
  "MeshHTTPRouteRedirectPort",
  redirects({
    "/port": { port: 8083 },
    "/port-and-host": { port: 8083, hostname: "example.org" },
    "/port-and-status": { port: 8083, statusCode: 301 },
    "/port-and-host-and-status": {
      port: 8083,
      hostname: "example.org",
      statusCode: 302,
    },
  }),
  [
    [{ path: "/port" }, { status: 302, location: "http://echo:8083/port" }],
    [{ path: "/port-and-host" }, {
      status: 302,
      location: "http://example.org:8083/port-and-host",
    }],
    [{ path: "/port-and-status" }, {
      status: 301,
      location: "http://echo:8083/port-and-status",
    }],
    [{ path: "/port-and-host-and-status" }, {
      status: 302,
      location: "http://example.org:8083/port-and-host-and-status",
    }],
  ],
);

MESH_ANSWERS.add(
  "MeshHTTPRouteSchemeRedirect",
  redirects({
    "/scheme": { scheme: "https" },
    "/scheme-and-host": { scheme: "https", hostname: "example.org" },
    "/scheme-and-status": { scheme: "https", statusCode: 301 },
    "/scheme-and-host-and-status": {
      scheme: "https",
      hostname: "example.org",
      statusCode: 302,
    },
  }),
  [
    [{ path: "/scheme" }, { status: 302, location: "https://echo/scheme" }],
    [{ path: "/scheme-and-host" }, {
      status: 302,
      location: "https://example.org/scheme-and-host",
    }],
    [{ path: "/scheme-and-status" }, {
      status: 301,
      location: "https://echo/scheme-and-status",
    }],
    [{ path: "/scheme-and-host-and-status" }, {
      status: 302,
      location: "https://example.org/scheme-and-host-and-status",
    }],
  ],
);

for (const statusCode of [303, 307, 308]) {
  MESH_ANSWERS.add(
    `MeshHTTPRoute${statusCode}Redirect`,
    redirects({
      "/": { hostname: "example.org", scheme: "https", statusCode },
    }),
    [[{ path: "/any?q" }, {
      status: statusCode,
      location: "https://example.org/any?q",
    }]],
  );
}

const rewrites: Record<string, Raw[]> = {
  "/prefix/one": [filter("URLRewrite", replacePrefix("/one"))],
  "/full/one": [filter("URLRewrite", replaceFull("/one"))],
  "/strip-prefix": [filter("URLRewrite", replacePrefix("/"))],
  "/prefix/rewrite-path-and-modify-headers": [
    filter("RequestHeaderModifier", {
      set: [{ name: "X-Header-Set", value: "header-set" }],
      add: [{ name: "X-Header-Add", value: "header-add" }],
      remove: ["X-Header-Remove"],
    }),
    filter("URLRewrite", replacePrefix("/prefix")),
  ],
};
const rewritten: HeaderList = [["x-header-set", "header-set"], [
  "x-header-add",
  "header-add",
]];
MESH_ANSWERS.add("MeshHTTPRouteRewritePath", [
  httpRoute({
    ...at80,
    rules: Object.entries(rewrites).map(([prefix, filters]) => ({
      matches: [path(prefix)],
      filters,
      ...v1,
    })),
  }),
], [
  [{ path: "/prefix/one/two" }, { by: "echo-v1", sees: { path: "/one/two" } }],
  [{ path: "/strip-prefix/three" }, {
    by: "echo-v1",
    sees: { path: "/three" },
  }],
  [{ path: "/strip-prefix" }, { by: "echo-v1", sees: { path: "/" } }],
  [{ path: "/full/one/two" }, { by: "echo-v1", sees: { path: "/one" } }],
  [{ path: "/full/one?a=b" }, { by: "echo-v1", sees: { path: "/one?a=b" } }],
  [{
    path: "/prefix/rewrite-path-and-modify-headers/one",
    headers: [["x-header-remove", "remove-val"], ["x-header-set", "original"]],
  }, { by: "echo-v1", sees: { path: "/prefix/one", headers: rewritten } }],
]);

// The second case of the original expects a path that no filter makes: it is a fault of the test.
MESH_ANSWERS.add("MeshHTTPRouteNamedRule", [
  httpRoute({
    ...at80,
    rules: [
      { name: "named-rule", matches: [path("/named")], ...v1 },
      { matches: [path("/unnamed")], ...v1 },
    ],
  }),
], [
  [{ path: "/named" }, { by: "echo-v1", sees: { path: "/named" } }],
  [{ path: "/unnamed" }, { by: "echo-v1", sees: { path: "/unnamed" } }],
]);

const weighted = (port: number, weights: Record<string, number>) =>
  Object.entries(weights).map(([name, weight]) => to(name, { port, weight }));

/** MeshHTTPRouteWeight: 70 to 30. */
export const HTTP_WEIGHTS: readonly Raw[] = [
  httpRoute({
    ...at80,
    rules: [{ backendRefs: weighted(80, { "echo-v1": 70, "echo-v2": 30 }) }],
  }),
];

const grpcRoute = (rules: Raw[]) => [
  routeOf("GRPCRoute", {
    parentRefs: [{ group: "", kind: "Service", name: "echo", port: 7070 }],
    rules,
  }),
];
/** A call of gRPC. */
export const GRPC_ECHO = {
  path: "/proto.EchoTestService/Echo",
  method: "POST",
  port: 7070,
};

/** MeshGRPCRouteWeight: the same, and a third that is not there, without weight. */
export const GRPC_WEIGHTS: readonly Raw[] = grpcRoute([{
  backendRefs: weighted(7070, { "echo-v1": 70, "echo-v2": 30, "echo-v3": 0 }),
}]);

const testCase = (value: string, body: Raw): Raw => ({
  matches: [{ headers: [{ name: "x-test-case", value }] }],
  filters: [filter("RequestHeaderModifier", body)],
  backendRefs: [to("echo-v1", { port: 7070 })],
});
const asks = (
  value: string,
  ...headers: HeaderList
): HeaderList => [["x-test-case", value], ...headers];
MESH_ANSWERS.add(
  "MeshGRPCRouteRequestHeaderModifier",
  grpcRoute([
    testCase("set", {
      set: [{ name: "X-Header-Set", value: "set-overwrites-values" }],
    }),
    testCase("add", {
      add: [{ name: "X-Header-Add", value: "add-appends-values" }],
    }),
    testCase("remove", { remove: ["X-Header-Remove"] }),
  ]),
  [
    [{
      ...GRPC_ECHO,
      headers: asks("set", ["x-header-set", "some-other-value"]),
    }, {
      by: "echo-v1",
      sees: { headers: asks("set", ["x-header-set", "set-overwrites-values"]) },
    }],
    [{ ...GRPC_ECHO, headers: asks("add", ["x-header-add", "some-value"]) }, {
      by: "echo-v1",
      sees: {
        headers: asks("add", ["x-header-add", "some-value"], [
          "x-header-add",
          "add-appends-values",
        ]),
      },
    }],
    [{ ...GRPC_ECHO, headers: asks("remove", ["x-header-remove", "val"]) }, {
      by: "echo-v1",
      sees: { headers: asks("remove") },
    }],
    [{ ...GRPC_ECHO, headers: asks("else") }, { status: 404 }],
  ],
);
