import assert from "node:assert/strict";

import { type PolicyRule } from "../../../src/model/policy.ts";
import { type Raw } from "../objects.ts";
import {
  cidr,
  exact,
  m,
  only,
  operation,
  policy,
  prefix,
  presence,
  source,
  suffix,
  translated,
  when,
} from "./policy_objects.ts";

const rules: [name: string, rule: Raw, expected: PolicyRule[]][] = [
  ["everything", {}, [[]]],
  [
    "principals",
    source({ principals: ["*", "a*", "*b", "c", "*d*"] }),
    [[[m({
      principals: [
        presence,
        prefix("a"),
        suffix("b"),
        exact("c"),
        suffix("d*"),
      ],
    })]]],
  ],
  ["notPrincipals", source({ notPrincipals: ["a"] }), [
    [[m({ notPrincipals: [exact("a")] })]],
  ]],
  ["namespaces", source({ namespaces: ["a", "b*"] }), [
    [[m({ namespaces: [exact("a"), prefix("b")] })]],
  ]],
  ["notNamespaces", source({ notNamespaces: ["*a"] }), [
    [[m({ notNamespaces: [suffix("a")] })]],
  ]],
  ["serviceAccounts", source({ serviceAccounts: ["web", "ops/admin"] }), [
    [[m({
      serviceAccounts: [
        { namespace: "shop", serviceAccount: "web" },
        { namespace: "ops", serviceAccount: "admin" },
      ],
    })]],
  ]],
  ["notServiceAccounts", source({ notServiceAccounts: ["web"] }), [
    [[m({
      notServiceAccounts: [{ namespace: "shop", serviceAccount: "web" }],
    })]],
  ]],
  ["ipBlocks", source({ ipBlocks: ["10.0.0.1", "fd00::/8"] }), [
    [[m({ sourceIps: [cidr("10.0.0.1", 32), cidr("fd00::", 8)] })]],
  ]],
  ["notIpBlocks", source({ notIpBlocks: ["10.0.0.0/8"] }), [
    [[m({ notSourceIps: [cidr("10.0.0.0", 8)] })]],
  ]],
  ["ports", operation({ ports: ["80", "443"] }), [
    [[m({ destinationPorts: [80, 443] })]],
  ]],
  ["notPorts", operation({ notPorts: ["80"] }), [
    [[m({ notDestinationPorts: [80] })]],
  ]],
  ["source.ip", when("source.ip", ["10.0.0.1"], ["10.0.0.0/8"]), [
    [[m({
      sourceIps: [cidr("10.0.0.1", 32)],
      notSourceIps: [cidr("10.0.0.0", 8)],
    })]],
  ]],
  ["destination.ip", when("destination.ip", ["10.0.0.1"], ["10.0.0.0/8"]), [
    [[m({
      destinationIps: [cidr("10.0.0.1", 32)],
      notDestinationIps: [cidr("10.0.0.0", 8)],
    })]],
  ]],
  ["destination.port", when("destination.port", ["80"], ["81"]), [
    [[m({ destinationPorts: [80], notDestinationPorts: [81] })]],
  ]],
  ["source.namespace", when("source.namespace", ["a"], ["b"]), [
    [[m({ namespaces: [exact("a")], notNamespaces: [exact("b")] })]],
  ]],
  ["source.principal", when("source.principal", ["a"], ["b"]), [
    [[m({ principals: [exact("a")], notPrincipals: [exact("b")] })]],
  ]],
  [
    "source.serviceAccount",
    when("source.serviceAccount", ["a"], ["b/c"]),
    [[[m({
      serviceAccounts: [{ namespace: "shop", serviceAccount: "a" }],
      notServiceAccounts: [{ namespace: "b", serviceAccount: "c" }],
    })]]],
  ],
  ["source.trustDomain", when("source.trustDomain", ["a"], ["b*"]), [
    [[m({ principals: [prefix("a/")], notPrincipals: [prefix("b")] })]],
  ]],
  [
    "trustDomains",
    source({ trustDomains: ["a", "b*", "*"], notTrustDomains: ["c"] }),
    [[[m({
      principals: [prefix("a/"), prefix("b"), presence],
      notPrincipals: [prefix("c/")],
    })]]],
  ],
  [
    "trust domains beside principals, as both",
    source({ principals: ["*/ns/a/sa/b"], trustDomains: ["td"] }),
    [[
      [m({ principals: [suffix("/ns/a/sa/b")] })],
      [m({ principals: [prefix("td/")] })],
    ]],
  ],
  [
    "one of two sources, each of two parts",
    {
      from: [
        { source: { namespaces: ["a"], trustDomains: ["t"] } },
        { source: { ipBlocks: ["10.0.0.1"] } },
      ],
      to: [{ operation: { ports: ["80"] } }],
    },
    [
      [
        [m({ destinationPorts: [80] })],
        [m({ namespaces: [exact("a")] })],
        [m({ principals: [prefix("t/")] })],
      ],
      [
        [m({ destinationPorts: [80] })],
        [m({ sourceIps: [cidr("10.0.0.1", 32)] })],
      ],
    ],
  ],
  [
    "any of the sources, any of the operations and all conditions",
    {
      from: [
        { source: { namespaces: ["a"], notPrincipals: ["b"] } },
        { source: { ipBlocks: ["10.0.0.1"] } },
      ],
      to: [
        { operation: { ports: ["80"] } },
        { operation: { ports: ["90"] } },
      ],
      when: [
        { key: "source.namespace", values: ["c"] },
        { key: "destination.port", notValues: ["1"] },
      ],
    },
    [[
      [m({ destinationPorts: [80] }), m({ destinationPorts: [90] })],
      [
        m({ namespaces: [exact("a")], notPrincipals: [exact("b")] }),
        m({ sourceIps: [cidr("10.0.0.1", 32)] }),
      ],
      [m({ namespaces: [exact("c")] })],
      [m({ notDestinationPorts: [1] })],
    ]],
  ],
];
for (const [name, rule, expected] of rules) {
  for (const action of ["ALLOW", "DENY"]) {
    Deno.test(`translate() keeps ${name} of a rule of ${action}`, () => {
      const made = only(policy({ action, rules: [rule] }));
      assert.deepEqual(made.rules, expected);
      assert.deepEqual(
        translated([policy({ action, rules: [rule] })]).warnings,
        [],
      );
    });
  }
}

/** Rules with parts that L4 cannot see: gone when they allow, wide when they deny. */
const unseen: [
  name: string,
  rule: Raw,
  fields: string,
  denies: PolicyRule[],
][] = [
  ["methods alone", operation({ methods: ["GET"] }), "methods", [[]]],
  ["paths alone", operation({ notPaths: ["/a"] }), "notPaths", [[]]],
  ["hosts alone", operation({ hosts: ["a"] }), "hosts", [[]]],
  [
    "methods beside ports",
    operation({ methods: ["GET"], ports: ["80"] }),
    "methods",
    [[[m({ destinationPorts: [80] })]]],
  ],
  [
    "one operation that L4 sees and one that it does not",
    {
      to: [
        { operation: { ports: ["80"] } },
        { operation: { methods: ["GET"] } },
      ],
    },
    "methods",
    [[]],
  ],
  [
    "a JWT beside a namespace",
    source({ requestPrincipals: ["*"], namespaces: ["a"] }),
    "requestPrincipals",
    [[[m({ namespaces: [exact("a")] })]]],
  ],
  [
    "remote addresses",
    source({ remoteIpBlocks: ["10.0.0.1"] }),
    "remoteIpBlocks",
    [[]],
  ],
  [
    "a condition on a header beside one on a port",
    {
      when: [
        { key: "request.headers[x-a]", values: ["b"] },
        { key: "destination.port", values: ["80"] },
      ],
    },
    "request.headers[x-a]",
    [[[m({ destinationPorts: [80] })]]],
  ],
  [
    "the end of a trust domain",
    source({ trustDomains: ["a", "*b"], namespaces: ["c"] }),
    "trustDomains",
    [[[m({ namespaces: [exact("c")] })]]],
  ],
  [
    "the end of a trust domain as condition",
    when("source.trustDomain", ["*b"], []),
    "source.trustDomain",
    [[]],
  ],
  [
    "several fields",
    {
      from: [{ source: { notRequestPrincipals: ["a"] } }],
      to: [{ operation: { methods: ["GET"], paths: ["/"] } }],
    },
    "notRequestPrincipals, methods, paths",
    [[]],
  ],
];
for (const [name, rule, fields, denies] of unseen) {
  Deno.test(`translate() lets ALLOW with ${name} allow nothing`, () => {
    const { policies, warnings } = translated([
      policy({ rules: [rule, source({ namespaces: ["z"] })] }),
    ]);
    assert.deepEqual(policies[0]?.rules, [[[m({ namespaces: [exact("z")] })]]]);
    assert.deepEqual(warnings, [
      `AuthorizationPolicy "shop/p" rule 0 needs a waypoint for ${fields}: ` +
      "at layer 4 the rule is left out, so that it allows nothing",
    ]);
  });
  Deno.test(`translate() lets DENY with ${name} deny what is left`, () => {
    const { policies, warnings } = translated([
      policy({ action: "DENY", rules: [rule] }),
    ]);
    assert.deepEqual(policies[0]?.rules, denies);
    assert.deepEqual(warnings, [
      `AuthorizationPolicy "shop/p" rule 0 needs a waypoint for ${fields}: ` +
      "at layer 4 the rule denies everything that its other fields select",
    ]);
  });
}
