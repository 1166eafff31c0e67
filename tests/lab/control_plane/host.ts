import { inNamespace } from "../command.ts";
import { guardRun, releaseRun } from "../guard.ts";
import type { Lab } from "../lab.ts";
import { LabProcess, type StartOptions } from "../lab_process.ts";
import {
  createRun,
  removeRun,
  type Run,
  runPath,
  sweepDeadRuns,
} from "../run_folder.ts";
import type { Ports } from "./programs.ts";

/** Where a control plane runs. */
export interface Host extends AsyncDisposable {
  /** Goes away with the host. */
  readonly folder: string;
  /** Where its servers listen. */
  readonly ip: string;
  /** Starts a program there. */
  start(
    name: string,
    command: readonly string[],
    options?: StartOptions,
  ): LabProcess;
  /** The command that runs there from here. */
  wrap(command: readonly string[]): string[];
}

/** This machine's loopback, for tests that need no namespaces. */
export function loopbackHost(): Host {
  sweepDeadRuns();
  const run: Run = createRun();
  guardRun(run);
  return {
    folder: runPath(run),
    ip: "127.0.0.1",
    start: (name, command, options = {}) =>
      LabProcess.start(run, name, command, options),
    wrap: (command) => [...command],
    [Symbol.asyncDispose]() {
      removeRun(run);
      releaseRun(run);
      return Promise.resolve();
    },
  };
}

/** A lab's machine beside its nodes, which all of them and their pods reach. */
export function labHost(lab: Lab): Host {
  const { outsider } = lab;
  const folder = `${lab.folder}/control-plane`;
  Deno.mkdirSync(folder);
  return {
    folder,
    ip: outsider.ips[0]!,
    start: (name, command, options = {}) =>
      lab.start(outsider, name, command, options),
    wrap: (command) => inNamespace(outsider.netns, command),
    // The lab ends the processes and removes the folder.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A port for each server, none of them listened on. */
export function freePorts(): Ports {
  const names = [
    "etcd",
    "etcdPeer",
    "api",
    "grpc",
    "secureGrpc",
    "monitoring",
    "webhooks",
    "http",
  ] as const;
  // All at once: one that is closed again could be had a second time.
  const listeners = names.map((name) =>
    [name, Deno.listen({ hostname: "127.0.0.1", port: 0 })] as const
  );
  const ports = listeners.map(([name, { addr }]) => [name, addr.port] as const);
  for (const [, listener] of listeners) listener.close();
  return Object.fromEntries(ports) as Record<typeof names[number], number>;
}
