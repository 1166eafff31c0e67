import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { AuthorizationSchema } from "../../../src/wire/xds/gen/authorization_pb.ts";
import {
  DeltaDiscoveryResponseSchema,
  ResourceSchema,
} from "../../../src/wire/xds/gen/discovery_pb.ts";
import { AddressSchema } from "../../../src/wire/xds/gen/workload_pb.ts";
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  decodeEnvelope,
  decodeResource,
  XdsResourceError,
  type XdsType,
} from "../../../src/wire/xds/mod.ts";
import {
  RESOURCE_NAME_MAX,
  RESOURCE_OCTETS_MAX,
} from "../../../src/wire/xds/limits.ts";
import {
  octetsOf,
  policyResource,
  read,
  resource,
  serviceResource,
  workloadResource,
} from "./resources.ts";

Deno.test("decodeEnvelope() reads all that stands around the content", () => {
  const octets = resource("a/b", ADDRESS_TYPE, Uint8Array.of(1, 2), {
    version: "7",
    aliases: ["/10.0.0.1"],
  });
  assert.deepEqual(decodeEnvelope(octets), {
    name: "a/b",
    version: "7",
    aliases: ["/10.0.0.1"],
    typeUrl: ADDRESS_TYPE,
    content: Uint8Array.of(1, 2),
  });
});

Deno.test("a response's resources are the same octets however declared", () => {
  const content = octetsOf(AddressSchema, {
    type: { case: "workload", value: { uid: "u" } },
  });
  const plain = octetsOf(ResourceSchema, {
    name: "u",
    resource: { typeUrl: ADDRESS_TYPE, value: content },
  });
  const octets = octetsOf(DeltaDiscoveryResponseSchema, { resources: [plain] });
  const [only] = fromBinary(DeltaDiscoveryResponseSchema, octets).resources;
  assert.equal(read(only!).kind, "workload");
  const { typeUrl, value } = anyPack(
    AddressSchema,
    fromBinary(AddressSchema, content),
  );
  assert.deepEqual([typeUrl, value], [ADDRESS_TYPE, content]);
});

const refused: [
  what: string,
  octets: Uint8Array,
  type: XdsType,
  why: RegExp,
][] = [
  [
    "an empty envelope",
    new Uint8Array(),
    ADDRESS_TYPE,
    /^it is of type ""$/,
  ],
  [
    "a content of another type",
    policyResource({ namespace: "a", name: "b" }),
    ADDRESS_TYPE,
    /^it is of type "type\.googleapis\.com\/istio\.security\.Authorization"$/,
  ],
  [
    "an address that is neither workload nor service",
    resource("a", ADDRESS_TYPE, new Uint8Array()),
    ADDRESS_TYPE,
    /^unknown address type$/,
  ],
  [
    "a name above the limit",
    resource("n".repeat(RESOURCE_NAME_MAX + 1), ADDRESS_TYPE, new Uint8Array()),
    ADDRESS_TYPE,
    /^its name has 4097 characters, at most 4096 are read$/,
  ],
  [
    "an envelope above the limit",
    new Uint8Array(RESOURCE_OCTETS_MAX + 1),
    ADDRESS_TYPE,
    /^4194305 octets, at most 4194304 are read$/,
  ],
];
for (const [what, octets, type, why] of refused) {
  Deno.test(`decodeResource() refuses ${what}`, () => {
    assert.throws(() => read(octets, type), (reason) => {
      assert.ok(reason instanceof XdsResourceError);
      assert.match(reason.message, why);
      return true;
    });
  });
}

/** Passes when the octets are read, or refused by the one named error. */
function readsOrRefuses(octets: Uint8Array, type: XdsType): void {
  try {
    decodeResource(decodeEnvelope(octets), type);
  } catch (reason) {
    assert.ok(reason instanceof XdsResourceError, String(reason));
    assert.doesNotMatch(reason.message, /\n/);
  }
}

const types = fc.constantFrom<XdsType[]>(ADDRESS_TYPE, AUTHORIZATION_TYPE);

Deno.test("garbage in an envelope's place is refused by the named error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), types, readsOrRefuses),
  );
});

Deno.test("garbage in an envelope is refused by the named error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), types, (content, type) => {
      readsOrRefuses(resource("n", type, content), type);
    }),
    { numRuns: 500 },
  );
});

const samples: [octets: Uint8Array, type: XdsType][] = [
  [
    workloadResource({
      uid: "u",
      addresses: [Uint8Array.of(10, 0, 0, 1)],
      tunnelProtocol: 1,
      services: { "a/b": { ports: [{ servicePort: 1, targetPort: 2 }] } },
      waypoint: { destination: { case: "hostname", value: {} } },
      capacity: 2,
      locality: { region: "r" },
    }),
    ADDRESS_TYPE,
  ],
  [
    serviceResource({
      namespace: "a",
      hostname: "b",
      addresses: [{ address: Uint8Array.of(10, 0, 0, 1), length: 8 }],
      ports: [{ servicePort: 80, targetPort: 80, appProtocol: 1 }],
      loadBalancing: { routingPreference: [1, 2], mode: 1 },
    }),
    ADDRESS_TYPE,
  ],
  [
    resource(
      "a/b",
      AUTHORIZATION_TYPE,
      octetsOf(AuthorizationSchema, {
        action: 1,
        rules: [{
          clauses: [{
            matches: [{
              principals: [{ matchType: { case: "exact", value: "x" } }],
              sourceIps: [{ address: new Uint8Array(16), length: 0 }],
              destinationPorts: [1, 2, 3],
            }],
          }],
        }],
      }),
    ),
    AUTHORIZATION_TYPE,
  ],
];

Deno.test("a damaged resource is read or refused by the named error", () => {
  const damage = fc.array(
    fc.record({ at: fc.nat(), octet: fc.integer({ min: 0, max: 255 }) }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      damage,
      fc.option(fc.nat()),
      ([octets, type], changes, cut) => {
        const damaged = octets.slice();
        for (const { at, octet } of changes) {
          damaged[at % damaged.length] = octet;
        }
        const end = cut === null ? damaged.length : cut % damaged.length;
        readsOrRefuses(damaged.subarray(0, end), type);
      },
    ),
    { numRuns: 2_000 },
  );
});
