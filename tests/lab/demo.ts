// `deno task demo [--keep]`: hairpin at work on this machine, step by step.
// Exit code 0 when everything happened as the page says.

import { parseArgs } from "@std/cli/parse-args";
import { LabError } from "./command.ts";
import { buildMesh, type DemoMesh, startProxies } from "./demo/mesh.ts";
import { DemoPage } from "./demo/page.ts";
import { STEPS } from "./demo/steps.ts";
import { Lab } from "./lab.ts";
import { labSkipReason } from "./requirements.ts";

const PICTURE = `
   outsider ---+--------------- the wire ---------------+
               |                                        |
            node-1  (hairpin)                        node-2  (hairpin)
               +-- sleep                                +-- httpbin
               +-- notsleep
               +-- waypoint  (hairpin)
`;

/** Runs the demo. Returns true when all its statements held. */
async function demo(keep: boolean): Promise<boolean> {
  const start = performance.now();
  const page = new DemoPage();
  page.print(
    "hairpin: an ambient mesh on two nodes made of network namespaces",
  );
  page.print(PICTURE);
  await using lab = await Lab.create();
  const mesh = await buildMesh(lab);
  const proxies = await startProxies(mesh);
  showParts(page, mesh);
  for (const step of STEPS) await step(page, mesh, proxies);
  const held = page.summary((performance.now() - start) / 1_000);
  if (keep) await stayUp(page, mesh);
  return held;
}

function showParts(page: DemoPage, { lab, service, ...pods }: DemoMesh): void {
  const { sleep, notsleep, httpbin, waypoint } = pods;
  for (const { name, ips, node } of [sleep, notsleep, httpbin, waypoint]) {
    page.print(`   pod      ${name.padEnd(10)} ${node}  ${ips.join("  ")}`);
  }
  page.print(
    `   service  ${service.name.padEnd(10)} VIP     ${service.vips.join("  ")}`,
  );
  page.print(`   client   outsider   none    ${lab.outsider.ips.join("  ")}`);
}

/** Leaves the mesh up until Ctrl-C, which the lab's guard answers by removing it. */
async function stayUp(
  page: DemoPage,
  { lab, sleep, httpbin }: DemoMesh,
): Promise<void> {
  const enter = (netns: string) => `nsenter --net=/var/run/netns/${netns}`;
  page.print("The mesh stays up until Ctrl-C. From another terminal:\n");
  page.print(`   ${enter(sleep.netns)} curl http://${httpbin.ips[0]}:8000/`);
  page.print(
    `   ${
      enter(lab.node("node-2").netns)
    } curl http://127.0.0.1:15000/config_dump`,
  );
  page.print(`   manifests, read again when they change: ${lab.configFolder}`);
  page.print(`   logs: ${lab.folder}/logs\n`);
  await new Promise(() => setInterval(() => {}, 60_000));
}

async function main(): Promise<number> {
  const { keep, help, _: rest } = parseArgs(Deno.args, {
    boolean: ["keep", "help"],
  });
  if (help || rest.length > 0) {
    console.log(
      "deno task demo [--keep]   --keep: leave the mesh up until Ctrl-C",
    );
    return help ? 0 : 2;
  }
  const reason = await labSkipReason();
  if (reason !== undefined) {
    throw new LabError(`Cannot run the demo: ${reason}`);
  }
  return await demo(keep === true) ? 0 : 1;
}

try {
  Deno.exitCode = await main();
} catch (reason) {
  if (!(reason instanceof LabError)) throw reason;
  console.error(reason.message);
  Deno.exitCode = 1;
}
