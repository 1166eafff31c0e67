/** Clients and servers of HBONE that are neither of the two proxies, with certificates of istiod's authority. */
import type { ControlPlane } from "../lab/control_plane/mod.ts";
import type { LabPod, LabProcess } from "../lab/mod.ts";
import { ip, type MixedMesh, PATIENCE_MS } from "./mixed_mesh_support.ts";
import {
  HBONE_PORT,
  issue,
  program,
  writeCertificate,
} from "./security_support.ts";

/** @returns a folder of istiod's certificate and key, as `issue()` takes it. */
export async function istiodCaFolder(plane: ControlPlane): Promise<string> {
  const folder = `${plane.folder}/istiod-ca`;
  const { data } = await plane.get<{ data: Record<string, string> }>(
    "secret",
    "istio-ca-secret",
    "istio-system",
  );
  await Deno.mkdir(folder, { recursive: true });
  const write = (file: string, key: string) =>
    Deno.writeTextFile(`${folder}/${file}`, atob(data[key] ?? ""), {
      mode: 0o600,
    });
  await write("root-cert.pem", "ca-cert.pem");
  await write("ca-key.pem", "ca-key.pem");
  return folder;
}

/** What a server saw of a tunnel and of the CONNECT in it. */
export interface SeenConnect {
  /** Of the client's certificate, in decimal. */
  readonly serialNumber: string;
  /** The certificate's subjectAltName. */
  readonly names: string;
  /** Pseudo headers included, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A pod that ends HBONE itself and takes one request in a tunnel. */
export class HboneServer {
  private constructor(readonly pod: LabPod, readonly process: LabProcess) {}

  static async start(
    { base, lab, plane, proxies }: MixedMesh,
    name: string,
    node: string,
  ): Promise<HboneServer> {
    const pod = await lab.addPod({ name, node });
    await plane.addPod({ name, node, ips: pod.ips });
    const caFolder = await istiodCaFolder(plane);
    const { key, chain, roots } = await writeCertificate(
      base.lab,
      await issue(lab, { serviceAccount: name, caFolder }),
    );
    const args = [`${HBONE_PORT}`, key, chain, roots];
    const process = lab.start(pod, name, program("hbone_server", ...args));
    await process.untilLog(/^listening$/m);
    for (const proxy of proxies) {
      await proxy.untilDump(
        `${name} reached by HBONE`,
        ({ workloads }) =>
          workloads.some((one) =>
            one.name === name && one.protocol === "HBONE"
          ),
        PATIENCE_MS,
      );
    }
    return new HboneServer(pod, process);
  }

  /** A request from that pod, and what the server saw of it. */
  async ask(mesh: MixedMesh, from: LabPod): Promise<SeenConnect> {
    const start = this.process.log().length;
    const reply = await mesh.get(from, ip(this.pod));
    if (reply.status !== 200) {
      throw this.process.failure(`not reached: ${JSON.stringify(reply)}`);
    }
    const [line] = await this.process.untilLog(/^\{.*\}$/m, { from: start });
    return JSON.parse(line);
  }
}
