/** A waypoint with many routes that no request takes. */
import type { Settings } from "./benchmarks.ts";
import { type Figure, median } from "./figures.ts";
import type { Subject } from "./subjects.ts";
import { sideOf, steadyLoad } from "./waypoint.ts";
import { settle, WAYPOINT_PORTS, type WaypointSide } from "./waypoint_side.ts";

const ROUTES = 5_000;
/** Loads of each state, in turn: what gets faster or slower meanwhile falls on both. */
const LOADS = 3;
/** After the second load the memory is some 5 MiB above what it was after the first; then it stays. */
const WARM_UPS = 2;
const IN_FORCE_WAIT_MS = 120_000;
const POLL_MS = 100;
/** A path of its own in each state, whose redirection shows that the state is in force. */
const probePath = (routes: number) => `/routes-in-force/${routes}`;

/** Times and memory with the one route that is taken, and with the others beside it. */
export async function measureRoutes(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const side = sideOf(subject);
  for (let load = 0; load < WARM_UPS; load++) {
    await measureState(subject, settings, 0);
  }
  const few: State[] = [];
  const many: State[] = [];
  for (let load = 0; load < LOADS; load++) {
    few.push(await measureState(subject, settings, 0));
    many.push(await measureState(subject, settings, ROUTES));
  }
  const name = `${ROUTES} routes`;
  const p99 = (states: readonly State[]) =>
    median(states.map(({ p99 }) => p99));
  return [
    figure("no route yet: memory", "MiB", [side.restMiB]),
    ...stateFigures("1 route", few),
    ...stateFigures(name, many),
    figure(`${name}: p99 to 1 route's`, "x", [p99(many) / p99(few)]),
    figure(`${name}: memory to 1 route's, first time`, "x", [
      (many[0]?.residentMiB ?? NaN) / (few[0]?.residentMiB ?? NaN),
    ]),
  ];
}

interface State {
  readonly inForceSeconds: number;
  /** When it has come to rest, before the load. */
  readonly residentMiB: number;
  readonly p50: number;
  readonly p99: number;
}

/** Puts that many routes of other paths into force, and measures. */
async function measureState(
  subject: Subject,
  settings: Settings,
  routes: number,
): Promise<State> {
  const side = sideOf(subject);
  const inForceSeconds = await applyRoutes(subject, side, routes);
  await settle();
  const residentMiB = side.process.residentMiB();
  const { p50, p99 } = await steadyLoad(subject, side, {
    way: "fronted",
    settings,
  });
  return { inForceSeconds, residentMiB, p50, p99 };
}

function stateFigures(name: string, states: readonly State[]): Figure[] {
  const of = (key: keyof State) => states.map((state) => state[key]);
  return [
    figure(`${name}: in force after`, "s", of("inForceSeconds")),
    figure(`${name}: p50`, "ms", of("p50")),
    figure(`${name}: p99`, "ms", of("p99")),
    figure(`${name}: memory`, "MiB", of("residentMiB")),
  ];
}

/** Puts that many routes of other paths into force. Returns how many seconds it took. */
async function applyRoutes(
  subject: Subject,
  side: WaypointSide,
  count: number,
): Promise<number> {
  const begin = performance.now();
  const { name } = side.fronted;
  const forward = { backendRefs: [{ name, port: WAYPOINT_PORTS.http }] };
  const others = Array.from(
    { length: count },
    (_, at) => route(name, `/other/${at}`, forward),
  );
  const path = { type: "ReplaceFullPath", replaceFullPath: "/" };
  const redirect = { type: "RequestRedirect", requestRedirect: { path } };
  const routes = [
    route(name, "/", forward),
    route(name, probePath(count), { filters: [redirect] }),
    ...others,
  ];
  const text = routes.map((route) => JSON.stringify(route)).join("\n---\n");
  const draft = `${subject.lab.folder}/routes.draft`;
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, `${side.routesFolder}/routes.yaml`);
  await untilRedirected(subject, side, probePath(count));
  return (performance.now() - begin) / 1_000;
}

/** An HTTPRoute of the service for one prefix of paths. */
function route(service: string, prefix: string, rule: object): object {
  const matches = [{ path: { type: "PathPrefix", value: prefix } }];
  const name = `route${prefix.replaceAll("/", "-")}`.replace(/-$/, "");
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, namespace: "default" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: service }],
      rules: [{ matches, ...rule }],
    },
  };
}

async function untilRedirected(
  { lab, client }: Subject,
  { fronted, process }: WaypointSide,
  path: string,
): Promise<void> {
  const url = `http://${fronted.vips[0]}:${WAYPOINT_PORTS.http}${path}`;
  const curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url];
  const deadline = performance.now() + IN_FORCE_WAIT_MS;
  while ((await lab.exec(client, curl)).stdout !== "302") {
    if (performance.now() > deadline) {
      throw process.failure(`routes are not in force: ${path}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function figure(
  metric: string,
  unit: string,
  rounds: readonly number[],
): Figure {
  return {
    benchmark: "waypoint-routes",
    subject: "waypoint",
    metric,
    unit,
    rounds,
  };
}
