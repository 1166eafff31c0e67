/** Tests of a mixed mesh that are rows of a table, printed at the end of their file. */
import { messageOf } from "../../src/base/errors.ts";
import { MixedMesh, mixedMeshSkipReason } from "./mixed_mesh_support.ts";

/** What a test is about. */
export interface Row {
  /** `hairpin`, `ztunnel`, or who else it is. */
  readonly source: string;
  readonly destination: string;
  readonly way: string;
}

/** @param body Says in few words what came of it. */
export type RowTest = (
  row: Row,
  body: (mesh: MixedMesh) => Promise<string>,
) => void;

const skip = await mixedMeshSkipReason();
if (skip !== undefined) {
  console.log(`tests of a mixed mesh are skipped: ${skip}`);
}

/** Starts a mesh for all tests of a file; call it at the top of the file. */
export function shareMixedMesh(
  env: Readonly<Record<string, string>> = {},
): RowTest {
  let shared: MixedMesh | undefined;
  const printed: string[] = [];
  if (skip === undefined) {
    Deno.test.beforeAll(async () => {
      shared = await MixedMesh.start(env);
    });
    Deno.test.afterAll(async () => {
      await shared?.[Symbol.asyncDispose]();
      console.log(printed.join("\n"));
    });
  }
  return (row, body) => {
    const { source, destination, way } = row;
    const name = `${source} -> ${destination}: ${way}`;
    const fn = async () => {
      if (shared === undefined) throw new Error("the mesh did not start");
      try {
        printed.push(line(row, await body(shared)));
      } catch (reason) {
        printed.push(line(row, `FAILED: ${messageOf(reason).split("\n")[0]}`));
        throw reason;
      }
    };
    Deno.test({ name, ignore: skip !== undefined, fn });
  };
}

const line = ({ source, destination, way }: Row, result: string): string =>
  [source.padEnd(9), destination.padEnd(9), way.padEnd(40), result].join(" | ");
