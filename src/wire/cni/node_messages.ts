/**
 * What the plugin and the node process say to each other: one HTTP/1.1 request
 * a question over the node's unix socket, version 1 in its path.
 *
 * `POST /v1/add`, `/v1/check` and `/v1/del` carry a {@link PodMessage} as JSON,
 * `GET /v1/status` nothing. The answer is status 200 and a {@link NodeAnswer};
 * any other status means refused, its body says why.
 */
import { readJson } from "./json.ts";
import { CNI_CODES, CniError } from "./errors.ts";
import { CNI_TEXT_MAX, POD_ADDRESSES_MAX } from "./limits.ts";

export type NodeQuestion = "add" | "check" | "del" | "status";

/** Path of a question on the node's socket. */
export const nodePath = (question: NodeQuestion): string => `/v1/${question}`;

export interface PodMessage {
  readonly containerId: string;
  /** Absolute path of the network namespace; undefined only in `del`. */
  readonly netns?: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid?: string;
  readonly ips: readonly string[];
}

export interface NodeAnswer {
  /**
   * `captured`: its traffic goes through hairpin from here on. `passed`: it is
   * none of hairpin's. `done`: of `del` and `status`. `refused`: it may not start.
   */
  readonly outcome: "captured" | "passed" | "done" | "refused";
  /** Of `refused`: what stands in the way, one line. */
  readonly reason?: string;
}

const OUTCOMES = ["captured", "passed", "done", "refused"] as const;

/** @throws {CniError} when the text is no such message. */
export function readPodMessage(text: string): PodMessage {
  const json = readJson(text, "question");
  const { containerId, netns, name, namespace, uid, ips } = json;
  const valid = [containerId, name, namespace].every(isText) &&
    (netns === undefined || isText(netns) && netns.startsWith("/")) &&
    (uid === undefined || isText(uid)) &&
    Array.isArray(ips) && ips.length <= POD_ADDRESSES_MAX && ips.every(isText);
  if (!valid) {
    throw new CniError(
      CNI_CODES.cannotDecode,
      "Cannot read the question: a field is missing or of the wrong kind",
    );
  }
  // Each field was looked at above.
  return json as unknown as PodMessage;
}

/** @throws {CniError} when the text is no answer. */
export function readNodeAnswer(text: string): NodeAnswer {
  const { outcome: found, reason } = readJson(text, "node process's answer");
  const outcome = OUTCOMES.find((name) => name === found);
  if (outcome === undefined) {
    throw new CniError(
      CNI_CODES.cannotDecode,
      "Cannot read the node process's answer: its outcome is unknown",
    );
  }
  return { outcome, ...typeof reason === "string" && { reason } };
}

const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= CNI_TEXT_MAX &&
  !value.includes("\0");
