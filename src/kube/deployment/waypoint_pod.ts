/** The pod of a waypoint: the one place where its container is described. */
import type { DeploymentSettings } from "./settings.ts";

/** Seconds that a pod has to end; the drain is shorter by five. */
const GRACE_SECONDS = 30;

/** User and group of the process; the embedded authority's key is readable for root alone. */
const USER = 1337;

/** Where the authority's files are. */
const CA_PATH = "/etc/hairpin/ca";

/** `spec.template.spec`, whatever a Gateway says but its name. */
export function waypointPodSpec(
  gateway: string,
  selector: Readonly<Record<string, string>>,
  settings: DeploymentSettings,
): Readonly<Record<string, unknown>> {
  const files = filesOf(settings);
  return {
    serviceAccountName: gateway,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    nodeSelector: { "kubernetes.io/os": "linux" },
    topologySpreadConstraints: [{
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    }],
    containers: [{
      name: "hairpin",
      image: settings.image,
      ...settings.imagePullPolicy !== undefined &&
        { imagePullPolicy: settings.imagePullPolicy },
      args: argumentsOf(gateway, settings),
      env: environmentOf(settings),
      ports: PORTS.map(([name, containerPort]) => ({
        name,
        containerPort,
        protocol: "TCP",
      })),
      readinessProbe: {
        httpGet: { path: "/healthz/ready", port: "readiness" },
      },
      resources: { requests: { cpu: "500m", memory: "512Mi" } },
      securityContext: securityOf(settings),
      volumeMounts: files.map(({ name, mountPath, readOnly }) => ({
        name,
        mountPath,
        ...readOnly && { readOnly },
      })),
    }],
    volumes: files.map(({ name, source }) => ({ name, ...source })),
  };
}

const PORTS = [
  ["hbone", 15_008],
  ["stats", 15_020],
  ["readiness", 15_021],
] as const;

const argumentsOf = (
  gateway: string,
  { caSecret }: DeploymentSettings,
): string[] => [
  "--mode=waypoint",
  `--gateway=$(POD_NAMESPACE)/${gateway}`,
  ...caSecret === undefined ? [] : ["--kube=in-cluster", `--ca-dir=${CA_PATH}`],
];

/** What a process learns of its own pod, by variable. */
const POD_FIELDS = [
  ["NODE_NAME", "spec.nodeName"],
  ["POD_NAME", "metadata.name"],
  ["POD_NAMESPACE", "metadata.namespace"],
  ["SERVICE_ACCOUNT", "spec.serviceAccountName"],
  ["INSTANCE_IP", "status.podIP"],
] as const;

const environmentOf = ({ variables }: DeploymentSettings) => [
  { name: "TERMINATION_GRACE_PERIOD_SECONDS", value: `${GRACE_SECONDS}` },
  ...POD_FIELDS.map(([name, fieldPath]) => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  })),
  ...Object.entries(variables).map(([name, value]) => ({ name, value })),
];

function securityOf({ caSecret }: DeploymentSettings) {
  const user = caSecret === undefined ? USER : 0;
  return {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: user !== 0,
    runAsUser: user,
    runAsGroup: user,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  };
}

interface PodFiles {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly source: Readonly<Record<string, unknown>>;
}

const filesOf = ({ caSecret }: DeploymentSettings): readonly PodFiles[] => [
  ...caSecret === undefined ? ISTIOD_FILES : [{
    name: "ca",
    mountPath: CA_PATH,
    readOnly: true,
    source: { secret: { secretName: caSecret, defaultMode: 0o400 } },
  }],
  { name: "tmp", mountPath: "/tmp", readOnly: false, source: { emptyDir: {} } },
];

/** istiod's root, and a token to show to it. */
const ISTIOD_FILES: readonly PodFiles[] = [{
  name: "istiod-ca-cert",
  mountPath: "/var/run/secrets/istio",
  readOnly: true,
  source: { configMap: { name: "istio-ca-root-cert" } },
}, {
  name: "istio-token",
  mountPath: "/var/run/secrets/tokens",
  readOnly: true,
  source: {
    projected: {
      sources: [{
        serviceAccountToken: {
          path: "istio-token",
          audience: "istio-ca",
          expirationSeconds: 43_200,
        },
      }],
    },
  },
}];
