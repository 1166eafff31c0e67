/** What becomes of each command of the pages in the tests; every command is in one row, and every row is of a command. */

/** Where a command is typed in a mesh of two nodes: the clients' node, the servers', the waypoint. */
export type MeshPlace = "client" | "server" | "waypoint";

/** Run as they stand, in this order; places in capitals are filled in. With what must be printed. */
export const IN_A_MESH: readonly (readonly [
  command: string,
  place: MeshPlace,
  says: RegExp,
])[] = [
  ["./scripts/dev hairpin --help", "client", /--mode node\|waypoint/],
  [
    "hairpin explain --from default/sleep --to httpbin:8000 --method GET --path /secret",
    "client",
    /^verdict +allow/m,
  ],
  [
    "hairpin explain --from default/sleep --to httpbin:8000 --method GET --path /",
    "client",
    /^verdict +allow/m,
  ],
  [
    "hairpin explain --from default/sleep --to 10.0.1.5:8000 --method GET --path /",
    "client",
    /^verdict +allow/m,
  ],
  [
    "hairpin explain --from NAMESPACE/POD --to HOST:PORT --method GET --path /",
    "client",
    /^verdict +allow/m,
  ],
  [
    "hairpin config workloads|services|policies|certificates|connections|routes|all [-o json]",
    "waypoint",
    /^(?:[A-Z]+ [A-Z]|[[{])/m,
  ],
  ["hairpin config connections", "server", /^WORKLOAD +DIRECTION/],
  ["hairpin config routes", "waypoint", /^SERVICE/],
  [
    "kubectl exec -n istio-system POD -- hairpin config workloads",
    "server",
    /httpbin/,
  ],
  ["hairpin check", "server", /default\/httpbin/],
  ["kubectl exec -n istio-system POD -- hairpin check", "server", /httpbin/],
  [
    "kubectl -n istio-system exec daemonset/ztunnel -- hairpin check",
    "client",
    /default\/sleep/,
  ],
  [
    "hairpin check [--netns PATH | --pod NAMESPACE/NAME] [--admin HOST:PORT] [--json]",
    "server",
    /programs/,
  ],
  [
    "hairpin check [--netns PATH | --pod NAMESPACE/NAME] [--json]",
    "server",
    /programs/,
  ],
  ["hairpin check --netns /var/run/netns/httpbin", "server", /httpbin/],
  ["hairpin check --pod NAMESPACE/NAME", "server", /httpbin/],
  [
    "hairpin redirect verify --netns /var/run/netns/httpbin",
    "server",
    / is as planned/,
  ],
  ["hairpin redirect verify --netns PATH", "server", / is as planned/],
  [
    "curl -X POST '127.0.0.1:15000/logging?level=access=debug,state=debug'",
    "server",
    /debug/,
  ],
  ["curl -X POST '127.0.0.1:15000/logging?reset'", "server", /info$/m],
  ["curl -s 127.0.0.1:15000/config_dump > dump.json", "server", /^$/],
  ["hairpin config all --file dump.json", "server", /httpbin/],
  [
    "hairpin redirect remove --netns /var/run/netns/httpbin",
    "server",
    /^redirection removed from /,
  ],
  [
    "hairpin redirect apply --netns /var/run/netns/httpbin --dry-run",
    "server",
    /15001/,
  ],
];

const WITH_IMAGE = "| sed 's|image: hairpin:latest|image: IMAGE|' | " +
  "kubectl apply -f -";

/** Run in this order at a real API server. With what must be printed. */
export const IN_A_CLUSTER: readonly (readonly [
  command: string,
  says: RegExp,
])[] = [
  ["kubectl apply -k scripts/kubernetes/istio", /daemonset.*ztunnel created/],
  [
    "kubectl apply -k scripts/kubernetes/istio_self",
    /hairpin-node-pods created/,
  ],
  ["kubectl apply -k scripts/kubernetes/alone", /hairpin-node created/],
  ["kubectl apply -k scripts/kubernetes/deployer", /hairpin-deployer created/],
  ["kubectl apply -k scripts/kubernetes/waypoint", /gateway\S* created/],
  ["kubectl apply -k scripts/kubernetes/monitoring", /podmonitor\S* created/],
  [
    "kubectl annotate pod cart hairpin.dev/bypass-capture=$(date -ud +1hour +%FT%TZ)",
    /cart annotated/,
  ],
  [
    "kubectl -n istio-system set image daemonset/ztunnel istio-proxy=IMAGE",
    /image updated/,
  ],
  [
    `kubectl kustomize scripts/kubernetes/istio ${WITH_IMAGE}`,
    /daemonset.*ztunnel/,
  ],
  [
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /O=cluster.local -keyout ca-key.pem -out root-cert.pem",
    /^/,
  ],
  [
    `kubectl kustomize scripts/kubernetes/alone ${WITH_IMAGE}`,
    /daemonset.*hairpin configured/,
  ],
  [
    "kubectl -n istio-system create secret generic hairpin-ca --from-file=root-cert.pem --from-file=ca-key.pem",
    /hairpin-ca created/,
  ],
  [
    "kubectl label namespace default istio.io/dataplane-mode=ambient",
    /default labeled/,
  ],
  ["kubectl apply -f scripts/kind/workloads.yaml", /httpbin created/],
  [
    "kubectl kustomize scripts/kubernetes/deployer | sed 's|hairpin:latest|IMAGE|' | kubectl apply -f -",
    /deployment.*hairpin-deployer configured/,
  ],
  ["kubectl apply -f scripts/kind/gateway.yaml", /gateway\S*waypoint/],
  [
    `kubectl kustomize scripts/kubernetes/waypoint ${WITH_IMAGE}`,
    /deployment.*waypoint configured/,
  ],
  [
    "kubectl label service httpbin istio.io/use-waypoint=waypoint",
    /httpbin labeled/,
  ],
  [
    "kubectl label service NAME istio.io/use-waypoint=waypoint --overwrite",
    /httpbin/,
  ],
  ["kubectl apply -f scripts/kind/policy.yaml", /deny-secret created/],
];

/** Run by other tests, with names of their own in them. With words of that file which show it. */
export const ELSEWHERE: readonly (readonly [
  command: string,
  test: string,
  shows: string,
])[] = [
  ["./scripts/dev demo", "tests/e2e/compiled_test.ts", "lab/demo.ts"],
  [
    "hairpin --mode node --node-name node-1 --config ./manifests --ca-dir ./ca",
    "tests/e2e/docs_walk_test.ts",
    'called(readme, "node")',
  ],
  [
    "hairpin --mode node --node-name node-1 --redirect self --config ./manifests --ca-dir ./ca",
    "tests/lab/hairpin.ts",
    '"--redirect": redirectOf(options)',
  ],
  [
    "hairpin --mode waypoint --gateway default/waypoint --config ./manifests --ca-dir ./ca",
    "tests/e2e/docs_walk_test.ts",
    'called(machines, "waypoint")',
  ],
  [
    "hairpin --mode node --config ./mesh --ca-dir ./ca --waypoint-bypass observe",
    "tests/e2e/bypass_table_test.ts",
    "observe",
  ],
  [
    "hairpin --mode node --redirect node --config mesh/ --ca-dir ca/",
    "tests/e2e/node_redirect_test.ts",
    'redirect: "node"',
  ],
  [
    "hairpin redirect verify --node",
    "tests/e2e/node_redirect_change_test.ts",
    '"redirect", action, "--node"',
  ],
  [
    "hairpin redirect remove --node",
    "tests/e2e/node_redirect_change_test.ts",
    '"redirect", action, "--node"',
  ],
  [
    "hairpin --mode node --kube ~/.kube/config --ca-dir ./ca",
    "tests/e2e/kube_mesh.ts",
    'lab.startHairpin(lab.node("node-1"), { kubeconfig })',
  ],
  [
    "hairpin --mode waypoint --kube ~/.kube/config --ca-dir ./ca --gateway default/waypoint",
    "tests/e2e/kube_mesh.ts",
    'gateway: "default/waypoint"',
  ],
  [
    "hairpin --mode waypoint --gateway NAMESPACE/NAME --kube in-cluster",
    "tests/e2e/manifest_pods_test.ts",
    '"waypoint_alone"',
  ],
  [
    "hairpin --mode node --redirect self --kube in-cluster --ca-address … --cni-socket /var/run/hairpin/cni.sock --cni-net-dir /etc/cni/net.d",
    "tests/e2e/manifest_pods_test.ts",
    '"istio_self"',
  ],
  [
    "XDS_ADDRESS=https://istiod.istio-system.svc:15012 CA_ADDRESS=… hairpin proxy ztunnel",
    "tests/e2e/manifest_pods_test.ts",
    'cluster.apply("istio")',
  ],
  [
    "XDS_ADDRESS=https://istiod.istio-system.svc:15012 CA_ADDRESS=https://istiod.istio-system.svc:15012 hairpin proxy ztunnel",
    "tests/e2e/manifest_pods_test.ts",
    'cluster.apply("istio")',
  ],
];

const ITSELF = "it runs the tests, this one among them";
const RELEASE = "it takes files of a release, which a release alone makes";
const PODS = "it waits for pods of a cluster's own; scripts/kind/e2e.sh does";

/** Not run by a test, and why. */
export const NOT_HERE: readonly (readonly [command: string, why: string])[] = [
  ["./scripts/dev test", ITSELF],
  ["./scripts/dev ok", ITSELF],
  ["./scripts/dev compile --fetch", "it downloads; the workflows do"],
  ["docker build -f scripts/image/Containerfile -t IMAGE dist", RELEASE],
  ["docker push IMAGE", RELEASE],
  ["sha256sum --check --ignore-missing SHA256SUMS", RELEASE],
  [
    "gh attestation verify hairpin-linux-amd64 --repo OWNER/REPOSITORY",
    RELEASE,
  ],
  [
    "cosign verify IMAGE@DIGEST --certificate-identity-regexp 'https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/tags/v.*' --certificate-oidc-issuer https://token.actions.githubusercontent.com",
    RELEASE,
  ],
  ["install -m 0755 hairpin-linux-amd64 /usr/local/bin/hairpin", RELEASE],
  [
    "install -m 0644 scripts/systemd/hairpin.service /etc/systemd/system/",
    "it changes the machine; systemd_unit_test.ts has systemd check the unit",
  ],
  [
    "systemctl enable --now hairpin",
    "it changes the machine; systemd_unit_test.ts runs a mesh with its rights",
  ],
  [
    "helm upgrade ztunnel CHART -n istio-system -f scripts/kubernetes/istio/ztunnel_values.yaml --set image=REGISTRY/hairpin:VERSION",
    "it takes Istio's chart from a repository",
  ],
  [
    "kubectl -n istio-system rollout status daemonset/ztunnel --timeout 180s",
    PODS,
  ],
  [
    "kubectl -n istio-system rollout status daemonset/hairpin --timeout 180s",
    PODS,
  ],
  [
    "kubectl rollout status deployment/sleep deployment/httpbin --timeout 180s",
    PODS,
  ],
  [
    "kubectl -n istio-system rollout status deployment/hairpin-deployer --timeout 180s",
    PODS,
  ],
  [
    "kubectl wait --for=condition=Programmed gateway/waypoint --timeout 180s",
    PODS,
  ],
  ["kubectl exec deploy/sleep -- curl -s http://httpbin:8000/", PODS],
  ["kubectl exec deploy/sleep -- curl -s http://httpbin:8000/secret", PODS],
  [
    "kubectl -n istio-system logs daemonset/ztunnel --all-pods --tail=-1 | grep 'connection complete'",
    PODS,
  ],
];
