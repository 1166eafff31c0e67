/** There is no way round a waypoint: every source in every mode, as a table of tests that is printed at the end. */
import assert from "node:assert/strict";
import { Growth } from "./calls.ts";
import { wayOf } from "./bypass_callers.ts";
import { type Lane, type Mode, MODES, SOURCES } from "./bypass_sources.ts";
import type { Source } from "./bypass_sources.ts";
import { share } from "./share.ts";
import { HTTP_PORT } from "./support.ts";
import { gateway, WaypointMesh, waypointPod } from "./waypoint_support.ts";

const BYPASSES = "hairpin_waypoint_bypass_total";
const printed: string[] = [];

class Table implements AsyncDisposable {
  #current = "";

  private constructor(readonly mesh: WaypointMesh) {}

  static async start(): Promise<Table> {
    const mesh = await WaypointMesh.start();
    const { lab } = mesh;
    await mesh.change("another waypoint", async () => {
      await lab.addPod(waypointPod("other-waypoint", "node-1"));
    });
    await mesh.change("its Gateway", async () => {
      await lab.apply("gateway-other", gateway("other-waypoint"));
    });
    await mesh.change("its service", async () => {
      await lab.addService({
        name: "other",
        labels: { "istio.io/use-waypoint": "other-waypoint" },
        selector: { app: "neighbour" },
        ports: [{ name: "http", port: HTTP_PORT, targetPort: HTTP_PORT }],
      });
    });
    return new Table(mesh);
  }

  /** Has the servers' proxy in that mode. */
  async run(mode: Mode, lane: Lane): Promise<WaypointMesh> {
    const wanted = `${mode} ${lane}`;
    if (this.#current !== wanted) {
      const flags = ["--waypoint-bypass", mode, "--node-local-lane", lane];
      await this.mesh.restartServer(flags);
      this.#current = wanted;
    }
    return this.mesh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
    console.log(printed.join("\n"));
  }
}

const tableTest = share(() => Table.start());

for (const lane of ["on", "off"] as const) {
  for (const mode of MODES) {
    for (const source of SOURCES) {
      if (lane === "off" && source.bothLanes !== true) continue;
      addRow(source, mode, lane);
    }
  }
}

function addRow(source: Source, mode: Mode, lane: Lane): void {
  const { name, form, fate } = source;
  const expected = fate[mode];
  const title = `${mode}, local lane ${lane}: ${name} (${form})`;
  tableTest(`${title}: ${expected}`, async (table) => {
    const mesh = await table.run(mode, lane);
    const growth = await Growth.watch(mesh.server);
    const answers = await source.ask(mesh);
    const way = wayOf(answers);
    printed.push(row(mode, lane, form, name, way, answers.join(" ")));
    assert.equal(way, expected);
    // Both requests were found to have passed by, or neither.
    const bypasses = goesPast(source) ? 2 : 0;
    await growth.until(BYPASSES, { action: mode }, bypasses);
    assert.equal(await growth.of(BYPASSES), bypasses);
  });
}

/** Whether the mode makes a difference to it. */
const goesPast = ({ fate }: Source): boolean => fate.reject !== fate.observe;

const row = (mode: string, lane: string, form: string, ...rest: string[]) =>
  [mode.padEnd(7), `lane ${lane}`.padEnd(8), form.padEnd(9), ...rest]
    .join(" | ");
