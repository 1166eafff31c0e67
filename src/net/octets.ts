import { joined } from "../base/octets.ts";
import { JOIN_MAX } from "./limits.ts";

/** One buffer of them all, where copying costs less than it saves. */
export function joinedIfSmall(
  chunks: readonly Uint8Array[],
): readonly Uint8Array[] {
  if (chunks.length === 1) return chunks;
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  return size > JOIN_MAX ? chunks : [joined(chunks)];
}
