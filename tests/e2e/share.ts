import { labSkipReason } from "../lab/mod.ts";
import { labTest } from "./support.ts";

/** A test that is given what its file shares. */
export type SharedTest<Shared> = (
  name: string,
  body: (shared: Shared) => Promise<void>,
) => void;

const skip = await labSkipReason();

/** Starts something once for all tests of a file; call it at the top of the file. */
export function share<Shared extends AsyncDisposable>(
  start: () => Promise<Shared>,
): SharedTest<Shared> {
  let shared: Shared | undefined;
  if (skip === undefined) {
    Deno.test.beforeAll(async () => {
      shared = await start();
    });
    Deno.test.afterAll(async () => {
      await shared?.[Symbol.asyncDispose]();
    });
  }
  return (name, body) =>
    labTest(name, async () => {
      if (shared === undefined) {
        throw new Error("what the tests of this file share did not start");
      }
      await body(shared);
    });
}
