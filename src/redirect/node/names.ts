/**
 * What the rules of a node and its proxy's sockets know each other by.
 *
 * Marks keep to the bits that a pod's rules use (0xfff), and two more that tell
 * the proxy's sockets apart: kube-proxy has 0x4000 and 0x8000, others the upper
 * half.
 */

/** Of every nftables table here; whoever wants them gone deletes these. */
export const NODE_TABLE = "hairpin-node";

/** Of a packet that goes to the proxy, wherever its destination is. */
export const TO_PROXY_MARK = 0x111;

/**
 * Of a packet that comes from the proxy. By it the kernel's check of sources
 * finds the way back through the device, whatever address it shows.
 */
export const FROM_PROXY_MARK = 0x222;

/** The bits of both. */
export const ROUTE_MASK = 0xfff;

/** Which of the proxy's sockets. */
export const SOCKET_MARKS = {
  /** It connects on behalf of a pod; the same mark as in a pod. */
  dial: 0x539,
  /** It answers a pod in the name of whom that pod called. */
  outbound: 0x1539,
  /** It answers whoever called a pod, in the pod's name. */
  inbound: 0x2539,
  /** It brings a pod what was let in. */
  delivery: 0x3539,
} as const;

/** The bits of {@link SOCKET_MARKS}. */
export const SOCKET_MASK = 0x3fff;

/** The proxy's listeners, on loopback: nothing but the rules reaches them. */
export const NODE_PORTS = {
  outbound: 15_001,
  inbound: 15_006,
  tunnel: 15_008,
  /** The one that is asked: by UDP, an answer shows the port of its socket. */
  dns: 53,
} as const;

/** After kube-proxy has chosen a pod for what came to a NodePort (-100). */
export const CAPTURE_PRIORITY = -90;

/** Ahead of kube-proxy and of host ports, in translation of destinations (-100). */
export const QUERY_DESTINATION_PRIORITY = -101;

/** Ahead of who masquerades (100). */
export const QUERY_SOURCE_PRIORITY = 99;

/** The routing table of {@link TO_PROXY_MARK}, in both namespaces. */
export const ROUTE_TABLE = "15006";

/** Ahead of the rules of network plugins; they select by mark or device alone. */
export const RULE_PRIORITIES = {
  toProxy: 98,
  /** What comes from the proxy goes past `fromProxy`, on to `end`. */
  past: 99,
  /** Only the way back of what comes from the proxy is looked up here. */
  fromProxy: 100,
  end: 101,
  /** In the proxy's namespace. */
  device: 97,
} as const;

/** The device between node and proxy: a veth pair, with one name at either end. */
export const DEVICE = "hairpin-node";

/** The device's ends, link-local so that nobody else has them. */
export const DEVICE_ENDS = {
  4: { node: "169.254.15.1", proxy: "169.254.15.2", prefix: 30 },
  6: {
    node: "fd16:9254:7127:1500::1",
    proxy: "fd16:9254:7127:1500::2",
    prefix: 126,
  },
} as const;
