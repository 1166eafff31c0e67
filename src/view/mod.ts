/** Sections of a dump as people read them, or as programs do. */
import { certificateTable } from "./certificate_table.ts";
import { type Dump, readDump } from "./dump.ts";
import { DumpError } from "./errors.ts";
import {
  connectionTable,
  policyTable,
  serviceTable,
  workloadTable,
} from "./mesh_tables.ts";
import { routeTable } from "./route_table.ts";
import { renderTable, type Table } from "./table.ts";

export type { Dump, DumpedAddress } from "./dump.ts";
export { DumpError } from "./errors.ts";
export { DUMP_OCTETS_MAX } from "./limits.ts";

/** One part of a dump. */
export type Section =
  | "workloads"
  | "services"
  | "policies"
  | "certificates"
  | "connections"
  | "routes";

const TABLES: Readonly<Record<Section, (dump: Dump, now: Date) => Table>> = {
  workloads: workloadTable,
  services: serviceTable,
  policies: policyTable,
  certificates: certificateTable,
  connections: connectionTable,
  routes: routeTable,
};

/**
 * Renders a section, or all of them with an empty line before each.
 *
 * @param text What `/config_dump` answered.
 * @param now When that is read: a certificate may have expired since.
 * @throws {DumpError} when it is no dump, or has no such section.
 */
export function renderSection(
  text: string,
  { section, output, now }: {
    readonly section: Section | "all";
    readonly output: "table" | "json";
    readonly now: Date;
  },
): string {
  const value = parse(text);
  if (output === "json") {
    const shown = section === "all" ? value : rawSection(value, section);
    return `${JSON.stringify(shown, null, 2)}\n`;
  }
  const dump = readDump(value);
  if (section !== "all") return renderTable(TABLES[section](dump, now));
  const sections = Object.keys(TABLES) as Section[];
  return sections.filter((name) =>
    name !== "routes" || dump.hairpin?.waypoint !== undefined
  ).map((name) => `\n${renderTable(TABLES[name](dump, now))}`).join("");
}

/** @throws {DumpError} when it is no dump. */
export const parseDump = (text: string): Dump => readDump(parse(text));

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DumpError("Cannot read the dump: it is not JSON");
  }
  if (isObject(value)) return value;
  throw new DumpError("Cannot read the dump: it is no object");
}

/** As the dump has it. */
function rawSection(value: Record<string, unknown>, section: Section): unknown {
  switch (section) {
    case "connections":
      return value.workloadState ?? {};
    case "routes":
      return rawRoutes(value);
    default:
      return value[section] ?? [];
  }
}

function rawRoutes({ hairpin }: Record<string, unknown>): unknown {
  const waypoint = isObject(hairpin) ? hairpin.waypoint : undefined;
  if (isObject(waypoint)) return waypoint.routes ?? [];
  throw new DumpError('Cannot show "routes": it is no dump of a waypoint');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
