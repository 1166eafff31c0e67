/** Requests by curl with all that curl knows of them, and what the proxies say of the same. */
import {
  type AccessLine,
  type HairpinProcess,
  type Lab,
  type LabPod,
  parseAccessLog,
  type Place,
  type Sample,
  sumSamples,
} from "../lab/mod.ts";
import { eventually } from "./support.ts";

/** One request as curl saw it. */
export interface Call {
  /** 0 for a whole response; 7 refused, 28 too late, 52 and 56 cut off. */
  readonly curlCode: number;
  /** 0 when there was no response. */
  readonly status: number;
  readonly body: string;
  /** curl's own end of the connection. */
  readonly localPort: number;
  /** Octets of the request. */
  readonly sent: number;
  /** Octets of the response, its head included. */
  readonly received: number;
}

const TIMEOUT_SECONDS = "20";

/** GET from that place. @param more More of curl's arguments. */
export async function call(
  lab: Lab,
  from: Place,
  url: string,
  more: readonly string[] = [],
): Promise<Call> {
  const { code, stdout, stderr } = await lab.exec(from, [
    ...["curl", "-s", "--max-time", TIMEOUT_SECONDS],
    ...["-w", "%{stderr}%{json}", ...more, url],
  ]);
  const facts = JSON.parse(stderr);
  return {
    curlCode: code,
    status: facts.http_code,
    body: stdout,
    localPort: facts.local_port,
    sent: facts.size_request + facts.size_upload,
    received: facts.size_header + facts.size_download,
  };
}

/** The access log of a proxy from now on. */
export class AccessTail {
  readonly #from: number;

  constructor(readonly proxy: HairpinProcess) {
    this.#from = proxy.process.log().length;
  }

  /** Lines as they stand in the log, without their time. */
  get texts(): string[] {
    return this.#log().split("\n").filter((line) => line.includes("\taccess\t"))
      .map((line) => line.slice(line.indexOf("\t") + 1));
  }

  get lines(): AccessLine[] {
    return parseAccessLog(this.#log());
  }

  /** Waits for a line that has these fields; the first one is returned. */
  async until(wanted: Readonly<Record<string, string>>): Promise<AccessLine> {
    const what = JSON.stringify(wanted);
    const hits = () => this.lines.filter((line) => hasFields(line, wanted));
    await eventually(
      `access-log line ${what}`,
      () => Promise.resolve(hits().length > 0),
    );
    return hits()[0]!;
  }

  #log(): string {
    return this.proxy.process.log().slice(this.#from);
  }
}

/** Whether the line has fields of these values; an empty value: none of that name. */
export function hasFields(
  line: AccessLine,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) =>
    (line.fields[key] ?? "") === value
  );
}

/** The SPIFFE ID of a pod. */
export const identityOf = ({ namespace, serviceAccount }: LabPod): string =>
  `spiffe://cluster.local/ns/${namespace}/sa/${serviceAccount}`;

/** How much a metric grows from now on. */
export class Growth {
  private constructor(
    readonly proxy: HairpinProcess,
    readonly before: readonly Sample[],
  ) {}

  static async watch(proxy: HairpinProcess): Promise<Growth> {
    return new Growth(proxy, await proxy.metrics());
  }

  /** Of all series whose labels include those given. */
  async of(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const after = await this.proxy.metrics();
    return sumSamples(after, name, labels) -
      sumSamples(this.before, name, labels);
  }

  /** Waits until it has grown by just so much. */
  async until(
    name: string,
    labels: Readonly<Record<string, string>>,
    by: number,
  ): Promise<void> {
    await eventually(
      `${name} ${JSON.stringify(labels)} grown by ${by}`,
      async () => await this.of(name, labels) === by,
    );
  }
}
