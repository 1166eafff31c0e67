export { Kubelet } from "./kubelet.ts";
