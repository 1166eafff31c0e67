/** Which ports of which services a route gets, and what its status says. */
import assert from "node:assert/strict";
import type { RouteCondition } from "../../../src/model/route_status.ts";
import { type Raw, raw } from "../objects.ts";
import { config, keyOf, parent, routeOf, service, to } from "./route_mesh.ts";

/** `KIND NAME of SERVICE:PORT`, with `for NAMESPACE` for a consumer's. */
const scopes = (...objects: Raw[]): string[] =>
  config(objects).routes.flatMap((set) =>
    set.routes.map(({ name }) => {
      const consumer = set.clientNamespace === undefined
        ? ""
        : ` for ${set.clientNamespace}`;
      const [short] = set.service.split("/")[1]!.split(".");
      return `${set.kind} ${name} of ${short}:${set.port}${consumer}`;
    })
  );
const at = (kind: string, parentRef: Raw, name = "mesh/r") =>
  routeOf(kind, { parentRefs: [parentRef], rules: [{}] }, name);

const rows: [name: string, objects: Raw[], expected: string[]][] = [
  ["all ports that carry HTTP", [at("HTTPRoute", parent("echo"))], [
    "HTTPRoute r of echo:80",
    "HTTPRoute r of echo:6060",
    "HTTPRoute r of echo:7070",
    "HTTPRoute r of echo:8080",
  ]],
  ["the port that is named", [at("HTTPRoute", parent("echo", { port: 80 }))], [
    "HTTPRoute r of echo:80",
  ]],
  ["ports that carry gRPC or HTTP", [
    at("GRPCRoute", parent("echo", { port: 7070 })),
  ], ["GRPCRoute r of echo:7070"]],
  ["ports that carry TLS, or may", [at("TLSRoute", parent("echo"))], [
    "TLSRoute r of echo:443",
    "TLSRoute r of echo:6060",
  ]],
  ["ports that carry no HTTP", [at("TCPRoute", parent("echo"))], [
    "TCPRoute r of echo:443",
    "TCPRoute r of echo:6060",
    "TCPRoute r of echo:9090",
  ]],
  ["no port of another protocol", [
    at("HTTPRoute", parent("echo", { port: 9090 })),
  ], []],
  [
    "no port that is not there",
    [at("HTTPRoute", parent("echo", { port: 81 }))],
    [],
  ],
  ["a consumer's calls alone", [
    at(
      "HTTPRoute",
      parent("echo", { namespace: "mesh", port: 80 }),
      "consumer/r",
    ),
  ], ["HTTPRoute r of echo:80 for consumer"]],
  ["nothing in its own namespace", [
    at("HTTPRoute", parent("echo", { port: 80 }), "consumer/r"),
  ], []],
  ["nothing of a Gateway", [at("HTTPRoute", { name: "echo" })], []],
  ["nothing of a service behind no waypoint", [
    service("far/cart"),
    at("HTTPRoute", parent("cart"), "far/r"),
  ], []],
  ["all hosts of a ServiceEntry", [
    raw("ServiceEntry", "mesh/ext", {
      spec: {
        hosts: ["a.example", "b.example"],
        ports: [{ number: 80, name: "http" }],
      },
    }),
    at("HTTPRoute", {
      group: "networking.istio.io",
      kind: "ServiceEntry",
      name: "ext",
    }),
  ], ["HTTPRoute r of a:80", "HTTPRoute r of b:80"]],
  ["nothing of a ServiceEntry that is not there", [
    at("HTTPRoute", {
      group: "networking.istio.io",
      kind: "ServiceEntry",
      name: "ext",
    }),
  ], []],
  ["one port once", [routeOf("HTTPRoute", {
    parentRefs: [parent("echo", { port: 80 }), parent("echo", { port: 80 })],
  })], ["HTTPRoute r of echo:80"]],
  ["a port together with others", [
    at("HTTPRoute", parent("echo", { port: 80 }), "mesh/a"),
    at("HTTPRoute", parent("echo", { port: 80 }), "mesh/b"),
  ], ["HTTPRoute a of echo:80", "HTTPRoute b of echo:80"]],
  ["gRPC before HTTP", [
    at("HTTPRoute", parent("echo", { port: 7070 })),
    at("GRPCRoute", parent("echo", { port: 7070 })),
  ], ["GRPCRoute r of echo:7070"]],
  ["HTTP before TLS before TCP", [
    at("TCPRoute", parent("echo", { port: 6060 })),
    at("TLSRoute", parent("echo", { port: 6060 })),
    at("HTTPRoute", parent("echo", { port: 6060 })),
  ], ["HTTPRoute r of echo:6060"]],
  ["TLS before TCP", [
    at("TCPRoute", parent("echo", { port: 443 })),
    at("TLSRoute", parent("echo", { port: 443 })),
  ], ["TLSRoute r of echo:443"]],
  ["a producer's kind beside a consumer's other", [
    at(
      "HTTPRoute",
      parent("echo", { namespace: "mesh", port: 7070 }),
      "consumer/c",
    ),
    at("GRPCRoute", parent("echo", { port: 7070 })),
  ], ["GRPCRoute r of echo:7070", "HTTPRoute c of echo:7070 for consumer"]],
];
for (const [name, objects, expected] of rows) {
  Deno.test(`waypointConfig() gives a route ${name}`, () => {
    assert.deepEqual(scopes(...objects), expected);
  });
}

Deno.test("waypointConfig() reads a route of TCP, and what of it is never reached", () => {
  const { routes, warnings } = config([routeOf("TCPRoute", {
    parentRefs: [parent("echo", { port: 9090 })],
    rules: [
      {
        name: "first",
        backendRefs: [to("echo-v1", { port: 9090, weight: 3 }), to("x")],
      },
      {},
    ],
  })]);
  const [set] = routes;
  assert.ok(set?.layer === "stream");
  assert.deepEqual(set.routes[0], {
    kind: "TCPRoute",
    namespace: "mesh",
    name: "r",
    createdAtMs: 0,
    hostnames: [],
    rules: [{
      name: "first",
      backends: [
        {
          weight: 3,
          target: { kind: "service", service: keyOf("echo-v1"), port: 9090 },
        },
        {
          weight: 1,
          target: {
            kind: "invalid",
            because: 'spec.rules[0].backendRefs[1] names no service: "x"',
          },
        },
      ],
    }],
  });
  assert.deepEqual(warnings, [
    'TCPRoute "mesh/r": spec.rules[0].backendRefs[1] names no service: "x"',
    'TCPRoute "mesh/r": spec.rules[1] is never reached: the first rule takes every connection',
  ]);
});

Deno.test("waypointConfig() reads the names of a TLSRoute in lower case", () => {
  const [set] =
    config([routeOf("TLSRoute", { hostnames: ["A.b", "*.C"], rules: [{}] })])
      .routes;
  assert.ok(set?.layer === "stream");
  assert.deepEqual(set.routes[0]?.hostnames, ["a.b", "*.c"]);
});

Deno.test("waypointConfig() leaves connections of a TLSRoute that cannot be read without a rule", () => {
  const [set] = config([routeOf("TLSRoute", { rules: 1 })]).routes;
  assert.ok(set?.layer === "stream");
  assert.deepEqual(set.routes[0]?.rules, []);
});

Deno.test("waypointConfig() does not use a route whose parents cannot be read", () => {
  const { routes, warnings } = config([
    routeOf("HTTPRoute", { parentRefs: [{ name: 1 }] }),
  ]);
  assert.deepEqual(routes, []);
  assert.deepEqual(warnings, [
    'HTTPRoute "mesh/r" is not used: spec.parentRefs[0].name: 1 is not text (quote it if it is meant as text)',
  ]);
});

const accepted = (message = ""): RouteCondition => ({
  type: "Accepted",
  status: "True",
  reason: "Accepted",
  message,
});
const resolved: RouteCondition = {
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
  message: "",
};
const not = (reason: string, message: string): RouteCondition => ({
  ...accepted(message),
  status: "False",
  reason,
});
const http = (spec: Raw) =>
  routeOf("HTTPRoute", {
    parentRefs: [parent("echo", { port: 7070 })],
    ...spec,
  });
const NEW = "spec.rules[0].filters[0] has the type New, not supported here";
const newFilter = { filters: [{ type: "New" }] };
const both = {
  filters: [
    { type: "RequestRedirect", requestRedirect: {} },
    { type: "URLRewrite", urlRewrite: {} },
  ],
};
const HIGHER =
  'routes of a higher kind than HTTPRoute decide about port 7070 of "echo"';

const statusRows: [
  name: string,
  objects: Raw[],
  conditions: RouteCondition[],
][] = [
  ["that is fine", [http({ rules: [{}] })], [accepted(), resolved]],
  ["with a field that does nothing", [http({ rules: [{ future: 1 }] })], [
    accepted("spec.rules[0].future is not supported and does nothing"),
    resolved,
  ]],
  ["with a rule that cannot be done", [http({ rules: [newFilter, {}] })], [
    accepted(),
    resolved,
    {
      type: "PartiallyInvalid",
      status: "True",
      reason: "UnsupportedValue",
      message: NEW,
    },
  ]],
  ["with no rule that can be done", [http({ rules: [newFilter] })], [
    not("UnsupportedValue", NEW),
    resolved,
  ]],
  ["with filters that exclude each other", [http({ rules: [both] })], [
    not(
      "IncompatibleFilters",
      "spec.rules[0].filters has both a RequestRedirect and a URLRewrite",
    ),
    resolved,
  ]],
  ["that cannot be read", [http({ rules: 1 })], [
    not("UnsupportedValue", "spec.rules: 1 is not a list"),
    resolved,
  ]],
  ["for a port that is not there", [
    http({ parentRefs: [parent("echo", { port: 81 })] }),
  ], [
    not(
      "NoMatchingParent",
      '"echo" has no port 81 for routes of kind HTTPRoute',
    ),
    resolved,
  ]],
  ["for a service without HTTP", [
    raw("Service", "mesh/db", {
      spec: { ports: [{ name: "tcp", port: 5432 }] },
    }),
    http({ parentRefs: [parent("db")] }),
  ], [
    not("NoMatchingParent", '"db" has no port for routes of kind HTTPRoute'),
    resolved,
  ]],
  ["below a higher kind", [
    http({ rules: [{}] }),
    at("GRPCRoute", parent("echo", { port: 7070 }), "mesh/g"),
  ], [not("RouteKindConflict", HIGHER), resolved]],
  ["below a higher kind on one port", [
    http({ parentRefs: [parent("echo")] }),
    at("GRPCRoute", parent("echo", { port: 7070 }), "mesh/g"),
  ], [accepted(HIGHER), resolved]],
];
for (const [name, objects, conditions] of statusRows) {
  Deno.test(`waypointConfig() tells the status of a route ${name}`, () => {
    const status = config(objects).statuses.find(({ kind }) =>
      kind === "HTTPRoute"
    );
    assert.deepEqual(status?.parents[0]?.conditions, conditions);
  });
}

Deno.test("waypointConfig() tells the status for each parent that is served here", () => {
  const parents = [
    parent("echo"),
    parent("nobody"),
    parent("echo-v1", { port: 81 }),
  ];
  const { statuses } = config([routeOf("HTTPRoute", { parentRefs: parents })]);
  assert.deepEqual(
    statuses.map(({ kind, namespace, name, parents }) => [
      kind,
      namespace,
      name,
      parents.map(({ parent, conditions }) =>
        `${parent.name} ${conditions[0]?.status}`
      ),
    ]),
    [["HTTPRoute", "mesh", "r", ["echo True", "echo-v1 False"]]],
  );
});
