/** How pods ask for names, and whom. */
import assert from "node:assert/strict";
import type { LabPod, LabProcess } from "../lab/mod.ts";
import { HTTP_PORT, type Mesh } from "./support.ts";

/** The address of the client outside the mesh. */
export const UPSTREAM = "192.168.77.100";
/** Nobody has these addresses: who answers for them has captured the query. */
export const RESOLVERS = ["10.96.0.53", "fd96::53"];

/** `STATUS: ANSWERS` of dig at a place. */
export async function dig(
  mesh: Mesh,
  from: LabPod,
  args: string,
): Promise<string> {
  const words = ["dig", "+tries=1", "+time=5", ...args.split(" ")];
  const { stdout } = await mesh.lab.exec(from, words);
  const status = /status: (\w+)/.exec(stdout)?.[1] ?? "no answer";
  const answers = stdout.split("\n")
    .filter((line) => line !== "" && !line.startsWith(";"))
    .map((line) => line.split(/\s+/).slice(3).join(" "));
  return [`${status}:`, ...answers].join(" ");
}

/** Writes a resolv.conf that names {@link UPSTREAM}. @returns its path. */
export async function writeResolvConf(folder: string): Promise<string> {
  const path = `${folder}/resolv.conf`;
  const text = `nameserver ${UPSTREAM}\noptions timeout:1 attempts:1\n`;
  await Deno.writeTextFile(path, text);
  return path;
}

/** A pod that asks for the service by its short name gets there. */
export async function assertNameLeadsToService(mesh: Mesh): Promise<void> {
  const { sleep } = mesh;
  const [, vip = ""] = (await dig(mesh, sleep, `@${RESOLVERS[0]} httpbin`))
    .split(" A ");
  const reply = await mesh.get(sleep, `http://${vip}:${HTTP_PORT}/`);
  assert.equal(reply.status, 200);
}

const PROGRAM = new URL("./programs/dns_server.ts", import.meta.url).pathname;

/** While a DNS server runs outside the mesh, at {@link UPSTREAM}. */
export async function withUpstream(
  { lab }: Mesh,
  body: (upstream: LabProcess) => Promise<void>,
): Promise<void> {
  const command = [Deno.execPath(), "run", "--allow-net", PROGRAM];
  const cwd = new URL("../..", import.meta.url).pathname;
  const name = `dns-${crypto.randomUUID().slice(0, 8)}`;
  const upstream = lab.start(lab.outsider, name, command, { cwd });
  await upstream.untilLog(/listening/);
  try {
    await body(upstream);
  } finally {
    await upstream.stop();
  }
}
