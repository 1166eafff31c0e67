import assert from "node:assert/strict";
import { Cancellation } from "../../src/proxy/cancellation.ts";
import {
  type ConnectionRow,
  ConnectionTable,
  type OpenConnection,
} from "../../src/proxy/connection_table.ts";
import { at } from "../support/sample_mesh.ts";

const ROW: ConnectionRow = {
  direction: "inbound",
  src: at("10.0.0.1", 40_000),
  actualDst: at("10.0.0.2", 80),
  protocol: "TCP",
  lane: "plaintext",
  relay: "user",
};

const connection = (stillAllowed?: () => boolean): OpenConnection => ({
  row: ROW,
  cancellation: new Cancellation(),
  ...(stillAllowed === undefined ? {} : { stillAllowed }),
});

Deno.test("Cancellation ends what runs now, with the first reason", () => {
  const ended: string[] = [];
  const cancellation = new Cancellation();
  cancellation.during(() => ended.push("first step"));
  cancellation.during(() => ended.push("second step"));
  assert.equal(cancellation.reason, undefined);
  cancellation.cancel("policy");
  cancellation.cancel("drain");
  assert.deepEqual([ended, cancellation.reason], [["second step"], "policy"]);
});

Deno.test("Cancellation ends at once what begins after it", () => {
  const ended: string[] = [];
  const cancellation = new Cancellation();
  cancellation.cancel("pod-removed");
  cancellation.during(() => ended.push("late step"));
  assert.deepEqual(ended, ["late step"]);
});

Deno.test("ConnectionTable.recheck() ends what is no longer allowed, and nothing else", () => {
  const table = new ConnectionTable();
  const [allowed, denied, outbound] = [
    connection(() => true),
    connection(() => false),
    connection(),
  ];
  for (const open of [allowed, denied, outbound]) table.add(open);
  table.recheck();
  assert.deepEqual(
    [allowed, denied, outbound].map(({ cancellation }) => cancellation.reason),
    [undefined, "policy", undefined],
  );
});

Deno.test("ConnectionTable.cancelAll() ends everything, also what is removed meanwhile", () => {
  const table = new ConnectionTable();
  const all = [connection(), connection()];
  for (const open of all) {
    open.cancellation.during(() => table.remove(open));
    table.add(open);
  }
  table.cancelAll("drain");
  assert.deepEqual(
    all.map(({ cancellation }) => cancellation.reason),
    ["drain", "drain"],
  );
  assert.equal(table.size, 0);
});

Deno.test("ConnectionTable.cancelAll() also ends what is added later", () => {
  const table = new ConnectionTable();
  table.cancelAll("pod-removed");
  const late = connection();
  table.add(late);
  assert.equal(late.cancellation.reason, "pod-removed");
});

Deno.test("ConnectionTable.whenEmpty() resolves for everyone who waits", async () => {
  const table = new ConnectionTable();
  await table.whenEmpty();
  const open = connection();
  table.add(open);
  let told = 0;
  const waiting = [table.whenEmpty(), table.whenEmpty()];
  for (const empty of waiting) void empty.then(() => told++);
  await Promise.resolve();
  assert.equal(told, 0);
  assert.deepEqual(table.rows(), [ROW]);
  table.remove(open);
  await Promise.all(waiting);
  assert.equal(told, 2);
});
