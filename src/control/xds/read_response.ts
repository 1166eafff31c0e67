import { messageOf } from "../../base/errors.ts";
import type { MeshDelta } from "../../model/delta.ts";
import {
  ADDRESS_TYPE,
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
import { PART_MAX, RESOURCES_MAX, SLICE_MS } from "./limits.ts";
import { TimeSlices } from "./time_slices.ts";

/** What some of a response's resources come to. */
export interface Part {
  readonly delta: MeshDelta;
  /** Names and aliases that it says something about. */
  readonly answered: readonly string[];
}

/**
 * Reads a response in parts and slices of time, and notes in `known` what it
 * names. What is refused is not noted: a later stream gets it again. Policies
 * are one part, so that what they close and open is put into order as a whole.
 *
 * @param onPart Takes each part; the next one is not read before it has.
 * @returns Why resources were refused, one text each.
 */
export async function readResponse(
  response: Pick<DeltaDiscoveryResponse, "resources" | "removedResources">,
  type: XdsType,
  known: KnownResources,
  onPart: (part: Part) => Promise<void>,
): Promise<readonly string[]> {
  const refusals: string[] = [];
  const slices = new TimeSlices(SLICE_MS);
  let part = newPart();
  for (const octets of response.resources) {
    let envelope: ResourceEnvelope | undefined;
    try {
      envelope = decodeEnvelope(octets);
      take(envelope, type, known, part.delta);
    } catch (reason) {
      refusals.push(refusalOf(envelope, reason));
    }
    if (envelope !== undefined) {
      part.answered.push(envelope.name, ...envelope.aliases);
    }
    if (type === ADDRESS_TYPE && part.answered.length >= PART_MAX) {
      await onPart(part);
      part = newPart();
    }
    if (slices.over) await slices.next();
  }
  for (const name of response.removedResources) {
    const key = known.take(name);
    if (key !== undefined) removeFrom(part.delta, key);
    part.answered.push(name);
  }
  await onPart(part);
  return refusals;
}

const newPart = () => ({ delta: newDraft(), answered: new Array<string>() });

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
