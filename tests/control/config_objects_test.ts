import assert from "node:assert/strict";
import { readObjects } from "../../src/control/config_objects.ts";
import { nameOf } from "../../src/kube/mod.ts";
import { collectGarbage } from "../../src/sys/memory.ts";

const read = (...texts: string[]) =>
  readObjects(new Map(texts.map((text, i) => [`${i + 1}.yaml`, text])));
const linesOf = (...texts: string[]) =>
  read(...texts).errors.map(({ message }) => message);
const namesOf = (...texts: string[]) =>
  read(...texts).objects.map((object) => `${object.kind} ${nameOf(object)}`);

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: cart
  namespace: shop
`;

const DENY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: shop}
`;

const refused: [name: string, text: string, line: string | RegExp][] = [
  [
    "a bad value with its line",
    `${POD}---
# who may not
${DENY}spec:
  action: DENY
  rules:
  - from:
    - source:
        ipBlocks: ["10.0.0.300"]
`,
    'Cannot use "1.yaml": document 2, line 16, AuthorizationPolicy "shop/deny": ' +
    'spec.rules[0].from[0].source.ipBlocks[0]: "10.0.0.300" is not an IP address or CIDR',
  ],
  [
    "an unknown field with its line",
    `${DENY}spec:
  rules: []
  rule: []
`,
    'Cannot use "1.yaml": document 1, line 6, AuthorizationPolicy "shop/deny": spec.rule: unknown field',
  ],
  [
    "a missing field with the line of its parent",
    `${POD}spec:
  containers:
  - ports:
    - name: http
`,
    'Cannot use "1.yaml": document 1, line 9, Pod "shop/cart": spec.containers[0].ports[0].containerPort: is missing',
  ],
  [
    "a bad item of a List",
    `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- {apiVersion: v1, kind: Pod, metadata: {name: B}}
`,
    'Cannot use "1.yaml": document 1, line 5, Pod "B": metadata.name: "B" is not a Kubernetes name',
  ],
  [
    "a bad value behind a merge key",
    `apiVersion: v1
kind: Pod
metadata: {name: a}
base: &base {hostNetwork: "no"}
spec:
  <<: *base
`,
    'Cannot use "1.yaml": document 1, line 6, Pod "a": spec.hostNetwork: "no" is not true or false',
  ],
  [
    "text in place of an object",
    "hello\n",
    'Cannot use "1.yaml": document 1, line 1: "hello" is not a mapping',
  ],
  [
    "a mapping that is no object",
    "a: 1\n",
    'Cannot use "1.yaml": document 1, line 1: apiVersion: is missing',
  ],
  [
    "a key given twice",
    "kind: Pod\nkind: Pod\n",
    'Cannot use "1.yaml": document 1, line 2, column 1: the key "kind" is given twice',
  ],
  [
    "a number and a text of one key",
    `${POD}  labels: {1: a, "1": b}\n`,
    'Cannot use "1.yaml": document 1, line 6, column 18: the key "1" is given twice',
  ],
  [
    "an unknown tag",
    "kind: !!js/function 'x'\n",
    /^Cannot use "1\.yaml": document 1, line 1, column 7: Unresolved tag/,
  ],
  [
    "a tab",
    "a:\n\tb: 1\n",
    /^Cannot use "1\.yaml": document 1, line 2, column 1: Tabs/,
  ],
  [
    "an alias without anchor",
    "a: *b\n",
    /^Cannot use "1\.yaml": document 1.*[Uu]nresolved alias/,
  ],
  [
    "a bomb of aliases",
    "a: &a [x,x,x,x,x,x,x,x,x]\n" +
    [..."bcdefgh"].map((key, i) =>
      `${key}: &${key} [${Array(9).fill(`*${"abcdefg"[i]}`).join(",")}]\n`
    ).join(""),
    /^Cannot use "1\.yaml": document 1: Excessive alias count/,
  ],
  [
    "a value that holds itself",
    `${POD}spec: &spec {a: *spec}\n`,
    'Cannot use "1.yaml": document 1, line 6, Pod "shop/cart": spec.a.a.a: is nested deeper than 64 levels',
  ],
  [
    "endless nesting",
    "a: " + "[".repeat(20_000) + "\n",
    /^Cannot use "1\.yaml": document 1, line 1, column \d+: nested too deep$/,
  ],
  [
    "deep nesting",
    `${POD}spec: ${"[".repeat(200)}${"]".repeat(200)}\n`,
    /nested deeper than 64 levels$/,
  ],
  [
    "a prototype key",
    `${POD}  labels: {__proto__: {a: b}}\n`,
    'Cannot use "1.yaml": document 1, line 6, Pod "shop/cart": metadata.labels.__proto__: is a key that is not allowed',
  ],
  [
    "a key that is a mapping",
    "? {a: b}\n: c\n",
    /^Cannot use "1\.yaml": document 1, line 1.*keys must be strings/,
  ],
  [
    "line breaks in a name",
    'apiVersion: v1\nkind: Pod\nmetadata: {name: "a\\nb"}\n',
    'Cannot use "1.yaml": document 1, line 3, Pod "a b": metadata.name: "a\\nb" is not a Kubernetes name',
  ],
];
for (const [name, text, line] of refused) {
  Deno.test(`readObjects() refuses ${name}`, () => {
    const lines = linesOf(text);
    assert.equal(lines.length, 1, lines.join("\n"));
    if (typeof line === "string") assert.equal(lines[0], line);
    else assert.match(lines[0] ?? "", line);
    assert.ok(!lines[0]?.includes("\n"));
  });
}

Deno.test("readObjects() tells every error of every file", () => {
  const lines = linesOf("a: 1\n", "b: 1\n---\nc: 1\n");
  assert.deepEqual(lines.map((line) => line.split(",")[0]), [
    'Cannot use "1.yaml": document 1',
    'Cannot use "2.yaml": document 1',
    'Cannot use "2.yaml": document 2',
  ]);
});

Deno.test("readObjects() tells of what is not YAML before what it says", () => {
  assert.deepEqual(linesOf(`${POD}  labels: 5\n---\na: [\n`), [
    'Cannot use "1.yaml": document 2, line 9, column 1: ' +
    "Flow sequence in block collection must be sufficiently indented and end with a ]",
  ]);
});

Deno.test("readObjects() stops counting errors somewhere", () => {
  assert.equal(linesOf("a: 1\n---\n".repeat(200)).length, 50);
});

Deno.test("readObjects() reads a mapping of many keys", () => {
  const labels = Array.from({ length: 50_000 }, (_, i) => `    k${i}: v\n`);
  const [object] = read(`${POD}  labels:\n${labels.join("")}`).objects;
  assert.equal(Object.keys(object?.metadata.labels ?? {}).length, 50_000);
});

Deno.test("readObjects() refuses too many documents", () => {
  assert.deepEqual(linesOf("---\na\n".repeat(20_001)), [
    'Cannot use "1.yaml": over 20000 documents',
  ]);
});

Deno.test("readObjects() reads documents, lists and empty documents", () => {
  assert.deepEqual(
    namesOf(`---
${POD}---
# nothing here
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node-1}}
---
apiVersion: v1
kind: ServiceList
items:
- metadata: {name: cart, namespace: shop}
`),
    ["Pod shop/cart", "Node node-1", "Service shop/cart"],
  );
});

Deno.test("readObjects() reads nothing out of nothing", () => {
  assert.deepEqual(read("", "# a\n", "---\n---\n"), {
    objects: [],
    errors: [],
    unknownKinds: [],
  });
});

Deno.test("readObjects() reads JSON", () => {
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a" },
  });
  assert.deepEqual(namesOf(text), ["Pod default/a"]);
});

Deno.test("readObjects() merges as kubectl does", () => {
  const [object] = read(`${POD}base: &base {nodeName: node-1}
spec:
  <<: *base
  hostNetwork: true
`).objects;
  assert.ok(object?.kind === "Pod");
  assert.equal(object.spec.nodeName, "node-1");
  assert.equal(object.spec.hostNetwork, true);
});

Deno.test("readObjects() names unknown kinds once", () => {
  const text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n";
  assert.deepEqual(read(text, text).unknownKinds, ["apps/v1/Deployment"]);
});

Deno.test("readObjects() takes an object twice when it says the same", () => {
  assert.deepEqual(namesOf(POD, POD), ["Pod shop/cart"]);
  const route = (spec: string) =>
    `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\nspec: ${spec}\n`;
  assert.deepEqual(
    namesOf(
      route("{rules: [], hostnames: []}"),
      route("{hostnames: [], rules: []}"),
    ),
    ["HTTPRoute default/a"],
  );
});

Deno.test("readObjects() lets go of the texts that objects were read from", () => {
  const before = usedMiB();
  const held = Array.from({ length: 16 }, (_, at) => {
    const comment = `# ${at % 10}`.padEnd(1 << 20, "x");
    const text = POD.replace("name: cart", `name: a-name-that-is-long-${at}`);
    return read(`${comment}\n${text}`).objects;
  });
  const more = usedMiB() - before;
  assert.ok(more < 4, `${more} of 16 MiB are held`);
  assert.equal(held.flat().length, 16);
});

function usedMiB(): number {
  collectGarbage();
  return Deno.memoryUsage().heapUsed / (1 << 20);
}

Deno.test("readObjects() refuses two of one name that differ", () => {
  assert.deepEqual(linesOf(POD, `${POD}  labels: {a: b}\n`), [
    'Cannot use "2.yaml": document 1, line 1, Pod "shop/cart": is otherwise in "1.yaml", document 1',
  ]);
});

Deno.test("readObjects() takes any text without throwing", () => {
  const bytes = [..."{}[]:-&*!|>'\"#%@`\n\t ?,a1~<"];
  let seed = 7;
  const next = (limit: number) => (seed = (seed * 48271) % 2147483647) % limit;
  for (let i = 0; i < 3_000; i++) {
    const text = Array.from(
      { length: next(40) },
      () => bytes[next(bytes.length)],
    )
      .join("");
    for (const line of linesOf(text)) assert.ok(!line.includes("\n"), line);
  }
});

Deno.test("readObjects() says nothing of ConfigMaps that are not the mesh's", () => {
  const map = (name: string, more: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}\n`;
  const { objects, errors, unknownKinds } = read(
    map("one", "data: {a: b}"),
    map("one", "data: {a: c}"),
    map("istio", "data: {mesh: 'trustDomain: td'}"),
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(unknownKinds, []);
  assert.deepEqual(objects.map(nameOf), ["default/istio"]);
});
