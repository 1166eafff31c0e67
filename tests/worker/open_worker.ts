/**
 * A data worker that has opened some of everything which the product opens past
 * the runtime, and is lost when it is told to serve a pod: `crash` or
 * `close` says how. Loaded as a thread by the test beside it.
 */
import { createConnection } from "node:net";
import { dialTcp } from "../../src/net/dial.ts";
import { ownDescriptor } from "../../src/net/descriptor.ts";
import { UdpSocket } from "../../src/net/udp_socket.ts";
import { writableSockets } from "../../src/net/writable_sockets.ts";
import {
  DescriptorLedger,
  keepLedger,
} from "../../src/sys/descriptor_ledger.ts";
import { EdgeWatch } from "../../src/sys/edge_watch.ts";
import { noteOwnNetns } from "../../src/sys/netns.ts";
import { Pipe } from "../../src/sys/pipes.ts";
import type { FromWorker, ToWorker } from "../../src/worker/messages.ts";
import { at } from "../support/sample_mesh.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const tell = (message: FromWorker) => scope.postMessage(message);
const held: unknown[] = [];

scope.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case "start":
      keepLedger(new DescriptorLedger(data.descriptors));
      noteOwnNetns();
      return tell({ kind: "loaded" });
    case "ping":
      return tell({ kind: "pong", id: data.id });
    case "serve":
      return void serve(data.pod.uid);
  }
};

/** @param order How to be lost, and the port of a server. */
async function serve(order: string): Promise<void> {
  const [how, port] = order.split(" ");
  await open(Number(port));
  if (how === "close") scope.close();
  if (how === "hang") { while (true); }
  throw new Error("a bug");
}

async function open(port: number): Promise<void> {
  const receiver = { onDatagram() {}, onError() {} };
  const place = { reusePort: false, netns: undefined };
  held.push(
    new Pipe(65_536),
    new EdgeWatch(),
    UdpSocket.listen(at("127.0.0.1", 0), place, receiver),
  );
  const dialled = await dialTcp(at("127.0.0.1", port), { tuning: {} });
  const own = createConnection(port, "127.0.0.1");
  await new Promise((resolve) => own.once("connect", resolve));
  for (const socket of [dialled, own]) {
    const fd = ownDescriptor(socket);
    if (fd === undefined) throw new Error("no descriptor");
    held.push(socket);
    writableSockets.whenWritable(fd, () => {});
  }
}
