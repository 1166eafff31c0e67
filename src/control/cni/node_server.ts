/** The socket on which the node process answers the plugin. */
import { messageOf } from "../../base/errors.ts";
import {
  NODE_MESSAGE_BYTES_MAX,
  type NodeAnswer,
  nodePath,
  type PodMessage,
  readPodMessage,
} from "../../wire/cni/mod.ts";
import { BindError } from "../../net/errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { OPEN_QUESTIONS_MAX, QUICK_TIMEOUT_MS } from "./limits.ts";
import { readBounded } from "./read_bounded.ts";

/** Whoever knows which pods are captured. */
export interface PodGate {
  /** Resolves when the pod is captured, or passes, or cannot start. */
  add(pod: PodMessage): Promise<NodeAnswer>;
  /** Whether it is as {@link add} left it, its rules too. */
  check(pod: PodMessage): Promise<NodeAnswer>;
  /** Lets go of a namespace that is about to end. */
  del(pod: PodMessage): Promise<NodeAnswer>;
  status(): NodeAnswer;
}

export interface NodeServerOptions {
  /** Of the socket; its folder is made. */
  readonly path: string;
  readonly gate: PodGate;
  readonly log: Logger;
}

/**
 * Answers until disposed. The socket of a process before is taken over in one
 * step, so that two versions can run side by side during an update; root alone
 * may ask.
 *
 * @throws {BindError}
 */
export function serveNode(options: NodeServerOptions): AsyncDisposable {
  const { path, log } = options;
  const own = `${path}.${Deno.pid}`;
  try {
    Deno.mkdirSync(folderOf(path), { recursive: true, mode: 0o750 });
    removeQuietly(own);
    const server = Deno.serve(
      { path: own, transport: "unix", onListen: () => {} },
      handler(options),
    );
    Deno.chmodSync(own, 0o600);
    Deno.renameSync(own, path);
    const inode = Deno.statSync(path).ino;
    log.info("listener established", { address: path, component: "cni" });
    return {
      async [Symbol.asyncDispose]() {
        if (inodeOf(path) === inode) removeQuietly(path);
        await server.shutdown();
      },
    };
  } catch (reason) {
    throw new BindError(path, messageOf(reason));
  }
}

function handler({ gate, log }: NodeServerOptions) {
  let open = 0;
  return async (request: Request): Promise<Response> => {
    if (open >= OPEN_QUESTIONS_MAX) return refuse(503, "too many questions");
    open++;
    try {
      return await answer(request, gate);
    } catch (reason) {
      log.warn("cannot answer the CNI plugin", { error: messageOf(reason) });
      return refuse(500, messageOf(reason));
    } finally {
      open--;
    }
  };
}

async function answer(request: Request, gate: PodGate): Promise<Response> {
  const { pathname } = new URL(request.url);
  const isStatus = pathname === nodePath("status");
  const method = isStatus ? "GET" : "POST";
  if (request.method !== method) return refuse(405, `want ${method}`);
  if (isStatus) return Response.json(gate.status());
  const question = POD_QUESTIONS.find((name) => nodePath(name) === pathname);
  if (question === undefined) return refuse(404, "no such question");
  const message = await readMessage(request);
  if (typeof message === "string") return refuse(400, message);
  return Response.json(await gate[question](message));
}

const POD_QUESTIONS = ["add", "check", "del"] as const;

/** @returns why it cannot be read, or what it says. */
async function readMessage(request: Request): Promise<PodMessage | string> {
  const signal = AbortSignal.timeout(QUICK_TIMEOUT_MS);
  try {
    const { body } = request;
    return readPodMessage(
      await readBounded(body, NODE_MESSAGE_BYTES_MAX, signal),
    );
  } catch (reason) {
    return messageOf(reason);
  }
}

const refuse = (status: number, why: string): Response =>
  new Response(`${why}\n`, { status });

const folderOf = (path: string): string =>
  path.slice(0, path.lastIndexOf("/")) || "/";

function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return null;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Most often it is not there.
  }
}
