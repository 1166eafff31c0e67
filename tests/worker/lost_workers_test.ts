import assert from "node:assert/strict";
import { lostWorkers } from "../../src/worker/lost_workers.ts";
import { WorkerHandle } from "../../src/worker/worker_handle.ts";
import { LIMITS, NO_FD, podOf, SETTINGS, until } from "./worker_support.ts";

const ENTRY = new URL("./open_worker.ts", import.meta.url);
const ROUNDS = 5;
/** What the runtime itself may come to have open meanwhile; a round opens seven of ours. */
const SLACK = 2 * ROUNDS;

const countDescriptors = (): number =>
  [...Deno.readDirSync("/proc/self/fd")].length;

/** Takes connections, and drops them when asked. */
class Server {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #taken: Deno.Conn[] = [];
  readonly #taking = this.#take();

  get port(): number {
    return this.#listener.addr.port;
  }

  drop(): void {
    for (const conn of this.#taken.splice(0)) conn.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#taking;
    this.drop();
  }

  async #take(): Promise<void> {
    for await (const conn of this.#listener) this.#taken.push(conn);
  }
}

/** Has a worker open things, and lose itself with them. */
async function loseWorker(how: string, { port }: Server): Promise<void> {
  const deaths: string[] = [];
  const handle = new WorkerHandle(ENTRY, "w", {
    onMessage() {},
    onDeath: (why) => deaths.push(why),
  }, LIMITS);
  await handle.start(SETTINGS);
  const pod = podOf(`${how} ${port}`);
  await assert.rejects(handle.serve({ kind: "serve", pod, netns: NO_FD }));
  await until(() => deaths.length === 1);
}

for (const how of ["crash", "close"]) {
  Deno.test({
    name: `what a worker had open is closed when it is lost: ${how}`,
    // What a lost thread was doing counts as left over.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using server = new Server();
      const before = countDescriptors();
      for (let i = 0; i < ROUNDS; i++) await loseWorker(how, server);
      await until(() => {
        server.drop();
        lostWorkers.sweep();
        return countDescriptors() <= before + SLACK;
      });
    },
  });
}
