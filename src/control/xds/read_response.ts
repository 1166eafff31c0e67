import { messageOf } from "../../base/errors.ts";
import type { MeshDelta } from "../../model/delta.ts";
import {
  decodeEnvelope,
  decodeResource,
  type DeltaDiscoveryResponse,
  REFUSAL_TEXT_MAX,
  type ResourceEnvelope,
  XdsResourceError,
  type XdsType,
} from "../../wire/xds/mod.ts";
import {
  addTo,
  type DeltaDraft,
  type KnownResources,
  meshKeyOf,
  newDraft,
  removeFrom,
} from "./known_resources.ts";
import { RESOURCES_MAX, SLICE_MS } from "./limits.ts";
import { TimeSlices } from "./time_slices.ts";

/** What a response comes to. */
export interface Reading {
  readonly delta: MeshDelta;
  /** Names and aliases that it says something about. */
  readonly answered: readonly string[];
  /** Why resources were refused, one text each. */
  readonly refusals: readonly string[];
}

/**
 * Reads a response in slices of time, and notes in `known` what it names. What
 * is refused is not noted: a later stream gets it again.
 */
export async function readResponse(
  response: Pick<DeltaDiscoveryResponse, "resources" | "removedResources">,
  type: XdsType,
  known: KnownResources,
): Promise<Reading> {
  const draft = newDraft();
  const answered: string[] = [];
  const refusals: string[] = [];
  const slices = new TimeSlices(SLICE_MS);
  for (const octets of response.resources) {
    let envelope: ResourceEnvelope | undefined;
    try {
      envelope = decodeEnvelope(octets);
      take(envelope, type, known, draft);
    } catch (reason) {
      refusals.push(refusalOf(envelope, reason));
    }
    if (envelope !== undefined) {
      answered.push(envelope.name, ...envelope.aliases);
    }
    if (slices.over) await slices.next();
  }
  for (const name of response.removedResources) {
    const key = known.take(name);
    if (key !== undefined) removeFrom(draft, key);
    answered.push(name);
  }
  return { delta: draft, answered, refusals };
}

/** @throws {XdsResourceError} */
function take(
  envelope: ResourceEnvelope,
  type: XdsType,
  known: KnownResources,
  draft: DeltaDraft,
): void {
  const { name, version } = envelope;
  if (!known.has(name) && known.size >= RESOURCES_MAX) {
    throw new XdsResourceError(`${RESOURCES_MAX} resources are kept already`);
  }
  const resource = decodeResource(envelope, type);
  const before = known.put(name, version, meshKeyOf(resource));
  if (before !== undefined) removeFrom(draft, before);
  addTo(draft, resource);
}

/** @throws what is no refusal, but a fault of our own. */
function refusalOf(
  envelope: ResourceEnvelope | undefined,
  reason: unknown,
): string {
  if (!(reason instanceof XdsResourceError)) throw reason;
  return `${envelope?.name ?? "(no name)"}: ${messageOf(reason)}`;
}

/** The refusals as one text that fits a request. */
export function refusalText(refusals: readonly string[]): string {
  const text = refusals.join("; ");
  return text.length <= REFUSAL_TEXT_MAX
    ? text
    : `${text.slice(0, REFUSAL_TEXT_MAX)}... (${refusals.length} in all)`;
}
