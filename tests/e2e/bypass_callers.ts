/** How a request fared on its way to the server behind the waypoint. */
import assert from "node:assert/strict";
import type { Place } from "../lab/mod.ts";
import { call } from "./calls.ts";
import type { HboneAnswer } from "./hbone_job.ts";
import { askTunnel, connectTo, issue } from "./security_support.ts";
import type { CertificateOptions } from "./security_support.ts";
import type { WaypointMesh } from "./waypoint_support.ts";

/** What a client sees: an HTTP status, or the end of its connection. */
export type Answer = number | "cut";

/** Answers to `/`, which everybody may read, and to `/secret`, which the waypoint keeps. */
export type Answers = readonly [open: Answer, secret: Answer];

/** `round`: by the waypoint. `straight`: to the application without it. */
export type Way = "round" | "straight" | "refused";

/** @throws when the answers fit none of them. */
export function wayOf(answers: Answers): Way {
  const text = answers.join(" ");
  const way = WAYS[text];
  assert.ok(way !== undefined, `no known way gives these answers: ${text}`);
  return way;
}

const WAYS: Readonly<Record<string, Way>> = {
  "200 403": "round",
  "200 404": "straight",
  "cut cut": "refused",
};

const PATHS = ["/", "/secret"] as const;

/** How curl says that its connection was refused or cut before an answer. */
const CUT_CODES: readonly number[] = [7, 52, 55, 56];

/** By curl, from some place, at the server's port of an address. */
export async function byCurl(
  { lab }: WaypointMesh,
  from: Place,
  host: string,
): Promise<Answers> {
  const ask = async (path: string): Promise<Answer> => {
    const reply = await call(lab, from, `http://${host}:8000${path}`);
    if (reply.curlCode === 0) return reply.status;
    assert.ok(CUT_CODES.includes(reply.curlCode), JSON.stringify(reply));
    return "cut";
  };
  return [await ask(PATHS[0]), await ask(PATHS[1])];
}

/** Who opens a tunnel by hand, and what it says. */
export interface RawTunnel {
  readonly certificate: CertificateOptions;
  readonly authority: string;
  /** More headers of the CONNECT request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the outsider. */
  readonly from?: Place;
  /** Default: the server's pod. */
  readonly to?: "httpbin" | "waypoint";
}

/** The answers to one HTTP request each to those paths, in tunnels opened by hand. */
export async function askInTunnel(
  { lab, pods }: WaypointMesh,
  paths: readonly string[],
  { certificate, authority, headers, from, to = "httpbin" }: RawTunnel,
): Promise<readonly HboneAnswer[]> {
  const tls = await issue(lab, certificate);
  const requests = paths.map((path) => ({
    ...connectTo(authority, headers),
    say: `GET ${path} HTTP/1.1\r\nhost: ${authority}\r\n` +
      "connection: close\r\n\r\n",
  }));
  return await askTunnel(lab, from ?? lab.outsider, pods[to], tls, requests);
}

/** The same for the two paths that tell the ways apart. */
export async function byTunnel(
  mesh: WaypointMesh,
  tunnel: RawTunnel,
): Promise<Answers> {
  const [open, secret] = await askInTunnel(mesh, PATHS, tunnel);
  return [answerOf(open), answerOf(secret)];
}

/** The status inside a tunnel; `cut` when there was no tunnel. */
export function answerOf(answer: HboneAnswer | undefined): Answer {
  assert.ok(answer?.status !== undefined, JSON.stringify(answer));
  if (answer.status !== 200) return "cut";
  const inner = /^HTTP\/1\.1 (\d{3}) /.exec(answer.heard ?? "")?.[1];
  assert.ok(inner !== undefined, `no HTTP answer: ${JSON.stringify(answer)}`);
  return Number(inner);
}
