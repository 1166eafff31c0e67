/** A dump with what the tables have to tell apart. */
export const SAMPLE = {
  workloads: {
    b: {
      uid: "b",
      name: "web-1",
      namespace: "shop",
      workloadIps: ["10.0.0.2", "fd00::2"],
      node: "node-b",
      waypoint: {
        destination: "shop/wp.shop.svc.cluster.local",
        hboneMtlsPort: 15008,
      },
      protocol: "HBONE",
      networkMode: "Standard",
      clusterId: "Kubernetes",
      capacity: 1,
      status: "Healthy",
      services: ["shop/web.shop.svc.cluster.local"],
    },
    a: {
      uid: "a",
      name: "web-1",
      namespace: "shop",
      workloadIps: ["10.0.0.1"],
      node: "node-a",
      waypoint: { destination: "/10.96.0.7", hboneMtlsPort: 15008 },
      protocol: "TCP",
      networkMode: "Standard",
      clusterId: "Kubernetes",
      capacity: 1,
      status: "Unhealthy",
    },
    c: {
      uid: "c",
      name: "far",
      namespace: "other",
      workloadIps: [],
      hostname: "far.example",
      waypoint: { destination: "other/gone", hboneMtlsPort: 15008 },
      protocol: "TCP",
      networkMode: "Standard",
      clusterId: "Kubernetes",
      capacity: 1,
      status: "Healthy",
    },
  },
  services: [
    {
      name: "web",
      namespace: "shop",
      hostname: "web.shop.svc.cluster.local",
      vips: ["/10.96.0.1", "/fd00:96::1"],
      ports: { 80: 8080 },
      subjectAltNames: [],
      canonical: true,
      visibility: "Public",
      waypoint: {
        destination: "shop/wp.shop.svc.cluster.local",
        hboneMtlsPort: 15008,
      },
      endpoints: {
        a: { workloadUid: "a", port: { 80: 8080 } },
        b: { workloadUid: "b", port: { 80: 8080 } },
        x: { workloadUid: "x", port: { 80: 8080 } },
      },
    },
    {
      name: "wp",
      namespace: "shop",
      hostname: "wp.shop.svc.cluster.local",
      vips: ["/10.96.0.7"],
      ports: { 15008: 15008 },
      subjectAltNames: [],
      canonical: true,
      visibility: "Public",
      endpoints: {},
    },
    {
      name: "bare",
      namespace: "other",
      hostname: "bare.other.svc.cluster.local",
      vips: [],
      ports: {},
      subjectAltNames: [],
      canonical: true,
      visibility: "Public",
      endpoints: {},
    },
  ],
  policies: [
    {
      name: "deny",
      namespace: "shop",
      scope: "Namespace",
      action: "Deny",
      rules: [],
    },
    {
      name: "all",
      namespace: "istio-system",
      scope: "Global",
      action: "Allow",
      rules: [],
    },
  ],
  certificates: [
    {
      identity: "spiffe://cluster.local/ns/shop/sa/web",
      state: "Available",
      certChain: [
        {
          serialNumber: "305554775863395697262503895661564044819",
          validFrom: "2020-01-01T00:00:00Z",
          expirationTime: "2099-01-01T00:00:00Z",
          pem: "",
        },
        {
          serialNumber: "255",
          validFrom: "2020-01-01T00:00:00Z",
          expirationTime: "2021-01-01T00:00:00Z",
          pem: "",
        },
      ],
      rootCerts: [{
        serialNumber: "1",
        validFrom: "2098-01-01T00:00:00Z",
        expirationTime: "2099-01-01T00:00:00Z",
        pem: "",
      }],
    },
    {
      identity: "spiffe://cluster.local/ns/shop/sa/cart",
      state: "Unavailable: signing error: no",
      certChain: [],
      rootCerts: [],
    },
  ],
  workloadState: {
    u2: {
      state: "Up",
      info: { name: "web-1", namespace: "shop", serviceAccount: "web" },
      connections: {
        inbound: [{
          src: "10.0.0.9:5000",
          originalDst: "web.shop.svc.cluster.local",
          actualDst: "10.0.0.2:8080",
          protocol: "HBONE",
        }, {
          src: "[fd00::9]:1",
          originalDst: null,
          actualDst: "[fd00::2]:8080",
          protocol: "TCP",
        }],
        outbound: [{
          src: "10.0.0.2:4000",
          originalDst: "10.96.0.1:80",
          actualDst: "10.0.0.1:15008",
          protocol: "HBONE",
        }],
      },
    },
    u1: {
      state: "Pending",
      info: { name: "late", namespace: "shop", serviceAccount: "late" },
    },
  },
};

export const WAYPOINT = {
  routes: [{
    service: "shop/web.shop.svc.cluster.local",
    port: 80,
    kind: "HTTPRoute",
    rules: [
      {
        route: "shop/main",
        rule: 1,
        match: {
          path: { kind: "exact", value: "/buy" },
          method: "POST",
          headers: [{ name: "x-user", kind: "regex", value: "a.*" }],
          query: [{ name: "q", kind: "exact", value: "1" }],
        },
        filters: ["mirrors", "rewrite"],
        backends: [
          { service: "shop/a", port: 80, weight: 9 },
          { invalid: "no Service", weight: 1 },
        ],
      },
      {
        route: "shop/main",
        rule: 0,
        match: { path: { kind: "prefix", value: "/api" } },
        filters: ["redirect"],
        backends: [],
      },
      {
        route: "shop/main",
        rule: 2,
        match: { path: { kind: "regex", value: "/v[0-9]+" } },
        filters: [],
        backends: [],
        invalid: "filter of an unknown type",
      },
    ],
  }, {
    service: "shop/web.shop.svc.cluster.local",
    port: 90,
    clientNamespace: "other",
    kind: "GRPCRoute",
    rules: [{
      route: "other/calls",
      rule: 0,
      match: {
        path: { kind: "grpc", service: { kind: "exact", value: "a.B" } },
      },
      backends: [{ service: "shop/a", port: 90, weight: 1 }],
    }, {
      route: "other/tls",
      rule: 0,
      hostnames: ["a.example", "*.b.example"],
      backends: [{ service: "shop/a", port: 443, weight: 1 }],
    }, {
      route: "other/tcp",
      rule: 0,
      backends: [{ service: "shop/a", port: 1, weight: 1 }],
    }],
  }],
  policies: [
    {
      attachedTo: "gateway",
      namespace: "shop",
      name: "l7",
      action: "CUSTOM",
      rules: [],
    },
    {
      attachedTo: "shop/web.shop.svc.cluster.local",
      namespace: "shop",
      name: "l7-web",
      action: "DENY",
      rules: [],
    },
  ],
};
