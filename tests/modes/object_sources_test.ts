import assert from "node:assert/strict";
import type { KubeObject } from "../../src/kube/mod.ts";
import { parseObject } from "../../src/kube/mod.ts";
import { ObjectSources } from "../../src/modes/object_sources.ts";

function service(name: string, port: number): KubeObject {
  const parsed = parseObject({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ port }] },
  });
  assert(parsed.kind === "object");
  return parsed.object;
}

const a = service("a", 1);
const otherA = service("a", 2);
const b = service("b", 3);

Deno.test("ObjectSources waits until every source was heard", () => {
  const told: (readonly KubeObject[])[] = [];
  const sources = new ObjectSources(["files", "kube"], (o) => told.push(o));
  sources.put("kube", [b]);
  assert.deepEqual(told, []);
  sources.put("files", [a]);
  assert.deepEqual(told, [[a, b]]);
});

Deno.test("ObjectSources prefers the source that is named first", () => {
  const told: (readonly KubeObject[])[] = [];
  const sources = new ObjectSources(["files", "kube"], (o) => told.push(o));
  sources.put("files", [a]);
  sources.put("kube", [otherA, b]);
  sources.put("files", []);
  assert.deepEqual(told, [[a, b], [otherA, b]]);
});

Deno.test("ObjectSources hands a single source's objects on as they are", () => {
  let told: readonly KubeObject[] = [];
  const sources = new ObjectSources(["files"], (o) => (told = o));
  const objects = [a, b];
  sources.put("files", objects);
  assert.equal(told, objects);
});
