// A control plane that knows a mesh of any size: mesh_server.ts '{"port":…,"ordersPort":…,"rootPath":…,"pods":[…]}'
// Speaks delta xDS on the one port of 127.0.0.1, and takes orders by POST on the other:
//   /load?workloads=N        tells of N workloads more
//   /again                   cuts the stream, and tells of everything again on the next
//   /change?rate=R&seconds=S changes R workloads a second
// Each is answered when the proxy has acknowledged it, by the seconds that took.

import { toBinary } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { DeltaDiscoveryResponseSchema } from "../../../src/wire/xds/gen/discovery_pb.ts";
import {
  ADDRESS_TYPE,
  AUTHORIZATION_TYPE,
  DeltaDiscoveryRequestSchema,
} from "../../../src/wire/xds/mod.ts";
import { type FakeCall, FakeIstiod } from "../../support/fake_istiod.ts";
import {
  podResources,
  type RealPod,
  syntheticResources,
  workloadAt,
} from "../scale/mesh.ts";

interface Options {
  readonly port: number;
  readonly ordersPort: number;
  readonly rootPath: string;
  readonly pods: readonly RealPod[];
}

const options: Options = JSON.parse(Deno.args[0] ?? "{}");
const istiod = await FakeIstiod.start({ port: options.port });
await Deno.writeTextFile(options.rootPath, istiod.ca.certificatePem);
const awaited = new Map<string, PromiseWithResolvers<void>>();
let workloads = 0;
let everything = podResources(options.pods);
let nonces = 0;
let begun: PromiseWithResolvers<FakeCall> = Promise.withResolvers();
let call: FakeCall | undefined;

Deno.serve({ hostname: "127.0.0.1", port: options.ordersPort }, obey);
while (true) void follow(await istiod.next());

/** One stream: all that is known at its start, then its acknowledgements. */
async function follow(stream: FakeCall): Promise<void> {
  const first = [await stream.receive(DeltaDiscoveryRequestSchema)];
  first.push(await stream.receive(DeltaDiscoveryRequestSchema));
  if (first.includes(undefined)) return;
  call = stream;
  void tell(AUTHORIZATION_TYPE, []);
  begun.resolve(stream);
  if (workloads === 0) void tell(ADDRESS_TYPE, everything);
  while (true) {
    const request = await stream.receive(DeltaDiscoveryRequestSchema);
    if (request === undefined) return;
    if (request.errorDetail !== undefined) {
      throw new Error(`refused: ${request.errorDetail.message}`);
    }
    awaited.get(request.responseNonce)?.resolve();
    awaited.delete(request.responseNonce);
  }
}

/** Returns when it was acknowledged. */
function tell(typeUrl: string, resources: Uint8Array[]): Promise<void> {
  return send(encode(typeUrl, resources));
}

function encode(typeUrl: string, resources: Uint8Array[]) {
  const nonce = `${++nonces}`;
  const message = create(DeltaDiscoveryResponseSchema, {
    typeUrl,
    nonce,
    resources,
  });
  return { nonce, octets: toBinary(DeltaDiscoveryResponseSchema, message) };
}

function send({ nonce, octets }: ReturnType<typeof encode>): Promise<void> {
  if (call === undefined) throw new Error("no stream");
  const acknowledged = Promise.withResolvers<void>();
  awaited.set(nonce, acknowledged);
  call.sendMessage(octets);
  return acknowledged.promise;
}

async function obey(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const number = (name: string) => Number(searchParams.get(name));
  switch (pathname) {
    case "/load":
      return Response.json(await load(number("workloads")));
    case "/again":
      return Response.json(await again());
    case "/change":
      return Response.json(await change(number("rate"), number("seconds")));
    default:
      return new Response("no such order", { status: 404 });
  }
}

async function load(count: number) {
  const resources = syntheticResources(count);
  everything = [...everything, ...resources];
  workloads = count;
  return await timed(encode(ADDRESS_TYPE, resources));
}

async function again() {
  const update = encode(ADDRESS_TYPE, everything);
  begun = Promise.withResolvers();
  istiod.dropConnections("destroy");
  await begun.promise;
  return await timed(update);
}

async function timed(update: ReturnType<typeof encode>) {
  const beganMs = Date.now();
  await send(update);
  return { beganMs, endedMs: Date.now(), octets: update.octets.length };
}

async function change(rate: number, seconds: number) {
  const beganMs = Date.now();
  for (let step = 0; step < rate * seconds; step++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000 / rate));
    const at = (step * 7919) % workloads;
    await tell(ADDRESS_TYPE, [workloadAt(at, step + 2)]);
  }
  return { beganMs, endedMs: Date.now(), octets: 0 };
}
