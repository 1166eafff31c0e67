/** What Istio's plugin tells Istio's node agent of a new pod: `POST /cmdadd`. */
import type { ResultAddress } from "./addresses.ts";
import type { PodName } from "./call.ts";

/** Path of the request on the agent's socket. */
export const ISTIO_ADD_PATH = "/cmdadd";

/** The body of the request; masks are base64 of their octets, as Go writes them. */
export const istioEvent = (
  netns: string,
  pod: PodName,
  addresses: readonly ResultAddress[],
): string =>
  JSON.stringify({
    Netns: netns,
    PodName: pod.name,
    PodNamespace: pod.namespace,
    IPs: addresses.length === 0 ? null : addresses.map((address) => ({
      Interface: address.interfaceIndex ?? null,
      Address: { IP: address.ip, Mask: maskOf(address) },
      Gateway: address.gateway ?? "",
    })),
  });

function maskOf({ ip, prefix }: ResultAddress): string {
  const octets = new Uint8Array(ip.includes(":") ? 16 : 4);
  for (let bit = 0; bit < prefix; bit++) {
    octets[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  return octets.toBase64();
}
