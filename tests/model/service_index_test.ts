import assert from "node:assert/strict";
import type { Service } from "../../src/model/service.ts";
import { ServiceIndex } from "../../src/model/service_index.ts";
import { cidr, ip, service } from "../support/sample_mesh.ts";

/** A service that shares its hostname and addresses with others. */
function shared(namespace: string, fields: Partial<Service> = {}): Service {
  const hostname = "shared.example";
  return service(namespace, ["10.1.0.1"], { namespace, hostname, ...fields });
}

const ranged = (
  namespace: string,
  range: string,
  fields: Partial<Service> = {},
) =>
  service(`${namespace}-${range}`, [], {
    namespace,
    cidrVips: [{ network: "", cidr: cidr(range) }],
    ...fields,
  });

function indexOf(services: readonly Service[]): ServiceIndex {
  const index = new ServiceIndex();
  for (const service of services) index.put(service);
  return index;
}

type Row = [
  name: string,
  services: Service[],
  namespace: string | undefined,
  found: string | undefined,
];

const hidden = { visibility: "Namespace" } as const;
const rows: Row[] = [
  [
    "prefers the client's namespace",
    [
      shared("a", { canonical: true }),
      shared("b"),
    ],
    "b",
    "b",
  ],
  [
    "then the last canonical one",
    [
      shared("a"),
      shared("b", { canonical: true }),
      shared("c", { canonical: true }),
    ],
    "x",
    "c",
  ],
  ["then the first", [shared("a"), shared("b")], "x", "a"],
  [
    "passes over what the client may not see",
    [
      shared("a", { canonical: true, ...hidden }),
      shared("b"),
    ],
    "x",
    "b",
  ],
  ["shows a namespace its own", [shared("a", hidden)], "a", "a"],
  ["finds nothing that is visible", [shared("a", hidden)], "x", undefined],
  ["sees all without a namespace", [shared("a", hidden)], undefined, "a"],
  [
    "takes a service of the empty namespace for no own one",
    [
      shared("a", { canonical: true }),
      shared("", {}),
    ],
    undefined,
    "a",
  ],
];
for (const [name, services, namespace, found] of rows) {
  Deno.test(`ServiceIndex.byExactVip() ${name}`, () => {
    const index = indexOf(services);
    const service = index.byExactVip("", ip("10.1.0.1"), namespace);
    assert.equal(service?.namespace, found);
  });

  Deno.test(`ServiceIndex.byHostname() ${name}`, () => {
    const service = indexOf(services).byHostname("shared.example", namespace);
    assert.equal(service?.namespace, found);
  });
}

const ranges: Row[] = [
  [
    "prefers the longest prefix",
    [
      ranged("a", "10.0.0.0/8"),
      ranged("b", "10.1.0.0/16"),
    ],
    "x",
    "b-10.1.0.0/16",
  ],
  [
    "prefers the client's namespace to a longer prefix",
    [
      ranged("a", "10.0.0.0/8"),
      ranged("b", "10.1.0.0/16"),
    ],
    "a",
    "a-10.0.0.0/8",
  ],
  [
    "prefers canonical at the same length",
    [
      ranged("a", "10.1.0.0/16"),
      ranged("b", "10.1.9.9/16", { canonical: true }),
      ranged("c", "10.1.0.0/16", { canonical: true }),
    ],
    "x",
    "b-10.1.9.9/16",
  ],
  [
    "passes over a hidden range to a shorter one",
    [
      ranged("a", "10.0.0.0/8"),
      ranged("b", "10.1.0.0/16", hidden),
    ],
    "x",
    "a-10.0.0.0/8",
  ],
  [
    "finds the longest within the client's namespace",
    [
      ranged("a", "10.0.0.0/8"),
      ranged("a", "10.1.0.0/16"),
      ranged("b", "10.1.0.0/24"),
    ],
    "a",
    "a-10.1.0.0/16",
  ],
  ["finds no range of another family", [ranged("a", "::/0")], "a", undefined],
];
for (const [name, services, namespace, found] of ranges) {
  Deno.test(`ServiceIndex.byCidrVip() ${name}`, () => {
    const index = indexOf(services);
    const service = index.byCidrVip("", ip("10.1.0.1"), namespace);
    assert.equal(service?.name, found);
  });
}

Deno.test("ServiceIndex lets the newest of one namespace have the address", () => {
  const older = shared("a", { hostname: "older.example" });
  const newer = shared("a", { hostname: "newer.example" });
  const index = indexOf([older, newer]);
  const find = (namespace?: string) =>
    index.byExactVip("", ip("10.1.0.1"), namespace)?.hostname;
  assert.deepEqual([find("a"), find("x")], ["newer.example", "newer.example"]);
  index.delete("a/newer.example");
  assert.deepEqual([find("a"), find("x")], ["older.example", "older.example"]);
});

Deno.test("ServiceIndex.put() leaves no trace of what it replaces", () => {
  const old = service("web", ["10.1.0.1"], {
    cidrVips: [{ network: "", cidr: cidr("10.2.0.0/16") }],
  });
  const index = indexOf([old, service("web", ["10.1.0.2"])]);
  assert.equal(index.byKey.size, 1);
  assert.equal(index.byExactVip("", ip("10.1.0.1")), undefined);
  assert.equal(index.byCidrVip("", ip("10.2.0.1")), undefined);
  assert.equal(index.byExactVip("", ip("10.1.0.2"))?.name, "web");
  assert.equal(index.allByHostname(old.hostname).length, 1);
});
