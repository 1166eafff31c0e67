#!/bin/sh
# hairpin in a kind cluster with a released Istio: nodes in ztunnel's place, a
# waypoint, L7 policy, and the way round to it.
#
#   scripts/kind/e2e.sh IMAGE GATEWAY_API_DEFINITIONS
#
# Needs docker, kind, kubectl and istioctl on PATH, and IMAGE in docker. The
# cluster is removed afterwards, unless KEEP is set or a check failed in CI.
set -eu

image=${1:?want IMAGE GATEWAY_API_DEFINITIONS}
gateway_api=${2:?want IMAGE GATEWAY_API_DEFINITIONS}
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cluster=hairpin-e2e

say() {
  echo "--- $*" >&2
}

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

clean_up() {
  code=$?
  if [ -z "${KEEP:-}" ] && { [ "$code" = 0 ] || [ "${CI:-}" != true ]; }; then
    kind delete cluster --name "$cluster"
  fi
  exit "$code"
}

# The status of a request of sleep's; 000 when there was no answer.
status_of() {
  kubectl exec deploy/sleep -- curl --silent --output /dev/null --max-time 10 \
    --write-out '%{http_code}' "$1" || true
}

# Where the pods of a Deployment run.
node_of() {
  kubectl get pods -l "app=$1" -o jsonpath='{.items[0].spec.nodeName}'
}

# Waits until a request is answered with that status, for two minutes.
until_status() {
  tries=0
  until [ "$(status_of "$1")" = "$2" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "$1 is answered with $(status_of "$1"), want $2"
    sleep 2
  done
  echo "ok: $1 is answered with $2"
}

trap clean_up EXIT
say "a cluster with two nodes for pods"
kind create cluster --name "$cluster" --config "$folder/cluster.yaml" --wait 180s
kind load docker-image "$image" --name "$cluster"
kubectl apply --server-side -f "$gateway_api"

say "Istio, with hairpin for ztunnel"
istioctl install --skip-confirmation --set profile=ambient
kubectl -n istio-system set image daemonset/ztunnel "istio-proxy=$image"
kubectl -n istio-system rollout status daemonset/ztunnel --timeout 180s

say "two pods of the mesh"
kubectl label namespace default istio.io/dataplane-mode=ambient
kubectl apply -f "$folder/workloads.yaml"
kubectl rollout status deployment/sleep deployment/httpbin --timeout 180s
[ "$(node_of sleep)" != "$(node_of httpbin)" ] || fail "both pods are on one node"
until_status http://httpbin:8000/ 200
kubectl -n istio-system logs daemonset/ztunnel --all-pods --tail=-1 |
  grep -q 'connection complete.*src.identity="spiffe://' ||
  fail "no node logged a connection with its identity"
istioctl ztunnel-config workloads | grep -q 'httpbin.*HBONE' ||
  fail "istioctl does not show httpbin as a peer in the mesh"

say "a waypoint and its policy"
kubectl kustomize "$folder/../kubernetes/deployer" |
  sed "s|hairpin:latest|$image|" | kubectl apply -f -
kubectl -n istio-system rollout status deployment/hairpin-deployer --timeout 180s
kubectl apply -f "$folder/gateway.yaml"
kubectl wait --for=condition=Programmed gateway/waypoint --timeout 180s
kubectl label service httpbin istio.io/use-waypoint=waypoint
kubectl apply -f "$folder/policy.yaml"
until_status http://httpbin:8000/secret 403
until_status http://httpbin:8000/ 200

say "past the waypoint: turned round to it"
pod=$(kubectl get pod -l app=httpbin -o jsonpath='{.items[0].status.podIP}')
until_status "http://$pod:8000/secret" 403
until_status "http://$pod:8000/" 200
