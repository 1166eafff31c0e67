/** The Gateway API's mesh conformance tests: which backend answers, and what it sees. */
import type { HeaderList } from "../../src/model/http.ts";
import type { Raw } from "../kube/objects.ts";
import {
  at80,
  type Call,
  Cases,
  filter,
  path,
  type Row,
  v1,
  v2,
} from "../kube/routes/route_conformance.ts";
import { httpRoute, parent, to } from "../kube/routes/route_mesh.ts";

export const MESH_MATCHING = new Cases();

const responseSet = (value: string) => ({
  filters: [
    filter("ResponseHeaderModifier", {
      set: [{ name: "X-Header-Set", value }],
    }),
  ],
});
const isSet: HeaderList = [["x-header-set", "set"]];

MESH_MATCHING.add("MeshBasic", [], [
  [{}, { by: "echo", responds: [] }],
  [{ service: "echo-v1" }, { by: "echo-v1" }],
]);

MESH_MATCHING.add("MeshTrafficSplit", [
  httpRoute({
    ...at80,
    rules: [
      { matches: [path("/v1", "Exact")], ...v1 },
      { matches: [path("/v2", "Exact")], ...v2 },
    ],
  }),
], [
  [{ path: "/v1" }, { by: "echo-v1" }],
  [{ path: "/v2" }, { by: "echo-v2" }],
  [{ path: "/" }, { status: 404 }],
]);

const frontend = [
  httpRoute({
    parentRefs: [parent("echo-v2", { port: 80 })],
    rules: [{ ...v2, ...responseSet("set") }],
  }),
];
MESH_MATCHING.add("MeshFrontend", frontend, [
  [{ service: "echo-v2" }, { by: "echo-v2", responds: isSet }],
  [{ service: "echo" }, { by: "echo", responds: [] }],
]);
MESH_MATCHING.add("MeshFrontendHostname", frontend, [
  [{ service: "echo-v2", host: "echo-v1" }, { by: "echo-v2", responds: isSet }],
  [{ service: "echo-v1", host: "echo-v2" }, { by: "echo-v1", responds: [] }],
]);

MESH_MATCHING.add("MeshPorts", [
  httpRoute({
    parentRefs: [parent("echo-v1", { port: 80 })],
    rules: [{ ...v1, ...responseSet("v1") }],
  }, "mesh/one-port"),
  httpRoute({
    parentRefs: [parent("echo-v2")],
    rules: [{ ...v2, ...responseSet("v2") }],
  }, "mesh/all-ports"),
], [
  [{ service: "echo-v1" }, {
    by: "echo-v1",
    responds: [["x-header-set", "v1"]],
  }],
  [{ service: "echo-v1", port: 8080 }, { by: "echo-v1", responds: [] }],
  [{ service: "echo-v2" }, {
    by: "echo-v2",
    responds: [["x-header-set", "v2"]],
  }],
  [{ service: "echo-v2", port: 8080 }, {
    by: "echo-v2",
    responds: [["x-header-set", "v2"]],
  }],
]);

MESH_MATCHING.add("MeshConsumerRoute", [
  httpRoute({
    parentRefs: [parent("echo-v1", { namespace: "mesh", port: 80 })],
    rules: [{
      backendRefs: [to("echo-v1", { namespace: "mesh" })],
      ...responseSet("set"),
    }],
  }, "mesh-consumer/r"),
], [
  [{ service: "echo-v1", client: "mesh-consumer" }, {
    by: "echo-v1",
    responds: isSet,
  }],
  [{ service: "echo-v1", client: "mesh" }, { by: "echo-v1", responds: [] }],
]);

MESH_MATCHING.add("MeshHTTPRouteSimpleSameNamespace", [
  httpRoute({ ...at80, rules: [v1] }),
], [
  [{}, { by: "echo-v1" }],
]);

const version = (value: string) => ({ headers: [{ name: "version", value }] });
const asks = (value: string): Call => ({ headers: [["version", value]] });
MESH_MATCHING.add("MeshHTTPRouteMatching", [
  httpRoute({
    ...at80,
    rules: [
      { matches: [path("/"), version("one")], ...v1 },
      { matches: [path("/v2"), version("two")], ...v2 },
    ],
  }),
], [
  [{ path: "/" }, { by: "echo-v1" }],
  [{ path: "/example" }, { by: "echo-v1" }],
  [asks("one"), { by: "echo-v1" }],
  [{ path: "/v2" }, { by: "echo-v2" }],
  [{ path: "/v2/example" }, { by: "echo-v2" }],
  [asks("two"), { by: "echo-v2" }],
  [{ path: "/v2/" }, { by: "echo-v2" }],
  [{ path: "/v2example" }, { by: "echo-v1" }],
  [{ path: "/foo/v2/example" }, { by: "echo-v1" }],
  [{ path: "/v2", ...asks("one") }, { by: "echo-v2" }],
]);

const animal = (value: string, name = "animal") => ({
  queryParams: [{ name, value }],
});
MESH_MATCHING.add("MeshHTTPRouteQueryParamMatching", [
  httpRoute({
    ...at80,
    rules: [
      { matches: [animal("whale")], ...v1 },
      { matches: [animal("dolphin")], ...v2 },
      {
        matches: [{
          queryParams: [
            ...animal("dolphin").queryParams,
            ...animal("blue", "color").queryParams,
          ],
        }],
        ...v1,
      },
      { matches: [animal("whale", "ANIMAL")], ...v2 },
      {
        matches: [{ ...path("/path1"), ...animal("whale") }, {
          ...version("one"),
          ...animal("whale"),
        }],
        ...v1,
      },
      {
        matches: [
          { ...path("/path2"), ...version("two"), ...animal("whale") },
          { ...path("/path3"), ...animal("shark") },
        ],
        ...v2,
      },
      {
        matches: [path("/path5"), { ...version("four"), ...animal("hydra") }],
        ...v1,
      },
      { matches: [animal("hydra")], ...v2 },
    ],
  }),
], [
  [{ path: "/?animal=whale" }, { by: "echo-v1" }],
  [{ path: "/?animal=dolphin" }, { by: "echo-v2" }],
  [{ path: "/?animal=whale&otherparam=irrelevant" }, { by: "echo-v1" }],
  [{ path: "/?animal=dolphin&color=yellow" }, { by: "echo-v2" }],
  [{ path: "/?animal=dolphin&color=blue" }, { by: "echo-v1" }],
  [{ path: "/?ANIMAL=whale" }, { by: "echo-v2" }],
  [{ path: "/?animal=whale&otherparam=irrelevant&color=blue" }, {
    by: "echo-v1",
  }],
  [{ path: "/" }, { status: 404 }],
  [{ path: "/?color=blue" }, { status: 404 }],
  [{ path: "/?animal=shark" }, { status: 404 }],
  [{ path: "/?animal=dog" }, { status: 404 }],
  [{ path: "/?animal=whaledolphin" }, { status: 404 }],
  [{ path: "/?aNiMaL=whale" }, { status: 404 }],
  [{ path: "/path1?animal=whale" }, { by: "echo-v1" }],
  [{ path: "/?animal=whale", ...asks("one") }, { by: "echo-v1" }],
  [{ path: "/path2?animal=whale", ...asks("two") }, { by: "echo-v2" }],
  [{ path: "/path3?animal=shark" }, { by: "echo-v2" }],
  [{ path: "/path5?animal=hydra" }, { by: "echo-v1" }],
  [{ path: "/?animal=hydra", ...asks("four") }, { by: "echo-v1" }],
  [{ path: "/?animal=hydra" }, { by: "echo-v2" }],
]);

const added: HeaderList = [["some-other-header", "val"], [
  "x-header-add",
  "add-appends-values",
]];
const modifier = (body: Raw) => [filter("RequestHeaderModifier", body)];
const SET = { set: [{ name: "X-Header-Set", value: "set-overwrites-values" }] };
const ADD = { add: [{ name: "X-Header-Add", value: "add-appends-values" }] };
const REMOVE = { remove: ["X-Header-Remove"] };
/** On a rule, and on its backend: the results are the same. */
const modifiers = (place: (filters: Raw[]) => Raw) => [
  httpRoute({
    ...at80,
    rules: [
      { matches: [path("/set")], ...place(modifier(SET)) },
      { matches: [path("/add")], ...place(modifier(ADD)) },
      { matches: [path("/remove")], ...place(modifier(REMOVE)) },
      {
        matches: [path("/multiple")],
        ...place(modifier({
          set: [{ name: "X-Header-Set-1", value: "header-set-1" }, {
            name: "X-Header-Set-2",
            value: "header-set-2",
          }],
          add: [{ name: "X-Header-Add-1", value: "header-add-1" }, {
            name: "X-Header-Add-2",
            value: "header-add-2",
          }],
          remove: ["X-Header-Remove-1", "X-Header-Remove-2"],
        })),
      },
      {
        matches: [path("/case-insensitivity")],
        ...place(modifier({
          set: [{ name: "X-Header-Set", value: "header-set" }],
          ...ADD,
          ...REMOVE,
        })),
      },
    ],
  }),
];
const modifierRows: Row[] = [
  [{ path: "/set", headers: [["some-other-header", "val"]] }, {
    by: "echo-v1",
    sees: {
      headers: [["some-other-header", "val"], [
        "x-header-set",
        "set-overwrites-values",
      ]],
    },
  }],
  [{ path: "/set", headers: [["x-header-set", "some-value"]] }, {
    by: "echo-v1",
    sees: { headers: [["x-header-set", "set-overwrites-values"]] },
  }],
  [{ path: "/add", headers: [["some-other-header", "val"]] }, {
    by: "echo-v1",
    sees: { headers: added },
  }],
  [{ path: "/add", headers: [["x-header-add", "some-value"]] }, {
    by: "echo-v1",
    sees: {
      headers: [["x-header-add", "some-value"], [
        "x-header-add",
        "add-appends-values",
      ]],
    },
  }],
  [{ path: "/remove", headers: [["x-header-remove", "val"]] }, {
    by: "echo-v1",
    sees: { headers: [] },
  }],
  [{
    path: "/multiple",
    headers: [
      ["x-header-set-2", "set-val-2"],
      ["x-header-add-2", "add-val-2"],
      ["x-header-remove-2", "remove-val-2"],
      ["another-header", "another-header-val"],
    ],
  }, {
    by: "echo-v1",
    sees: {
      headers: [
        ["x-header-add-2", "add-val-2"],
        ["another-header", "another-header-val"],
        ["x-header-set-1", "header-set-1"],
        ["x-header-set-2", "header-set-2"],
        ["x-header-add-1", "header-add-1"],
        ["x-header-add-2", "header-add-2"],
      ],
    },
  }],
  [{
    path: "/case-insensitivity",
    headers: [["x-header-set", "original"], ["x-header-remove", "x"]],
  }, {
    by: "echo-v1",
    sees: {
      headers: [["x-header-set", "header-set"], [
        "x-header-add",
        "add-appends-values",
      ]],
    },
  }],
];
MESH_MATCHING.add(
  "MeshHTTPRouteRequestHeaderModifier",
  modifiers((filters) => ({ filters, ...v1 })),
  modifierRows,
);
MESH_MATCHING.add(
  "MeshHTTPRouteBackendRequestHeaderModifier",
  modifiers((filters) => ({ backendRefs: [to("echo-v1", { filters })] })),
  modifierRows,
);
