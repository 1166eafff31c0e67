import type { DemoMesh, Proxies } from "./mesh.ts";
import type { DemoPage } from "./page.ts";

/** One chapter of the demo. It leaves the mesh as it found it. */
export type Step = (
  page: DemoPage,
  mesh: DemoMesh,
  proxies: Proxies,
) => Promise<void>;
