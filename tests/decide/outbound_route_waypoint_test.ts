import { hostOf, idOf, ip, pod } from "../support/sample_mesh.ts";
import {
  a,
  byHost,
  byIp,
  byVip,
  client,
  guarded,
  passthrough,
  type Row,
  testRoutes,
  web,
  wp,
  wpService,
} from "./outbound_mesh.ts";

const waypoints: Row[] = [
  [
    "asks a service's waypoint for the service",
    {
      workloads: [a, wp],
      services: [guarded, wpService],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15008 10.1.0.1:80 [wp]",
  ],
  [
    "asks it for any port",
    { workloads: [wp], services: [guarded, wpService] },
    "10.1.0.1",
    81,
    "waypoint 10.0.0.9:15008 10.1.0.1:81 [wp]",
  ],
  [
    "accepts what the waypoint's service vouches for",
    {
      workloads: [wp],
      services: [
        { ...guarded, subjectAltNames: [idOf("web")] },
        { ...wpService, subjectAltNames: [idOf("gate")] },
      ],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15008 10.1.0.1:80 [gate,wp]",
  ],
  [
    "dials the waypoint's translated port",
    {
      workloads: [wp],
      services: [guarded, { ...wpService, ports: { 15008: 15009 } }],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15009 10.1.0.1:80 [wp]",
  ],
  [
    "prefers the waypoint to passthrough",
    {
      workloads: [wp],
      services: [{ ...guarded, loadBalancer: passthrough }, wpService],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15008 10.1.0.1:80 [wp]",
  ],
  [
    "takes a weighted waypoint",
    {
      workloads: [wp],
      services: [{
        ...web,
        weightedWaypoints: [{ destination: byIp, weight: 1 }],
      }],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15008 10.1.0.1:80 [wp]",
  ],
  [
    "never goes round a waypoint with an unknown hostname",
    {
      workloads: [a],
      services: [guarded],
    },
    "10.1.0.1",
    80,
    `reject: unknown waypoint: waypoint ${hostOf("wp")} not found`,
  ],
  [
    "never goes round a waypoint with an unknown address",
    {
      workloads: [a],
      services: [{ ...web, waypoint: byIp }],
    },
    "10.1.0.1",
    80,
    "reject: unknown waypoint: waypoint /10.0.0.9:15008 not found",
  ],
  [
    "never goes round a waypoint without pods",
    {
      workloads: [{ ...a, waypoint: byHost }],
      services: [wpService],
    },
    "10.0.0.2",
    80,
    `reject: unknown waypoint: waypoint ${hostOf("wp")} not found`,
  ],
  [
    "asks a workload's waypoint for the workload",
    {
      workloads: [{ ...a, waypoint: byIp }, wp],
    },
    "10.0.0.2",
    81,
    "waypoint 10.0.0.9:15008 10.0.0.2:81 [wp]",
  ],
  [
    "finds a workload's waypoint by service address",
    {
      workloads: [{ ...a, waypoint: byVip }, wp],
      services: [wpService],
    },
    "10.0.0.2",
    81,
    "waypoint 10.0.0.9:15008 10.0.0.2:81 [wp]",
  ],
  [
    "reaches an IPv4 waypoint for an IPv6 target",
    {
      workloads: [pod("a", ["fd00::2"], { waypoint: byIp }), wp],
    },
    "fd00::2",
    81,
    "waypoint 10.0.0.9:15008 [fd00::2]:81 [wp]",
  ],
  [
    "lets the waypoint itself through to its workload",
    {
      source: wp,
      workloads: [{ ...a, waypoint: byIp }],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "lets a pod of the waypoint's service through",
    {
      source: wp,
      workloads: [{ ...a, waypoint: byVip }],
      services: [wpService],
    },
    "10.0.0.2",
    81,
    "direct 10.0.0.2:15008 10.0.0.2:81 [a]",
  ],
  [
    "lets no pod through for the waypoint's service account",
    {
      source: { ...client, serviceAccount: "wp" },
      workloads: [{ ...a, waypoint: byIp }, wp],
    },
    "10.0.0.2",
    81,
    "waypoint 10.0.0.9:15008 10.0.0.2:81 [wp]",
  ],
  [
    "guards an address that is a service's and a workload's",
    {
      workloads: [{ ...a, ips: [ip("10.1.0.1")] }, wp],
      services: [guarded, wpService],
    },
    "10.1.0.1",
    80,
    "waypoint 10.0.0.9:15008 10.1.0.1:80 [wp]",
  ],
];

testRoutes(waypoints);
