// Builds a lab with a program in it and waits to be killed; the test that
// starts it then shows that a sweep finds everything it left.

import { Lab } from "../lab.ts";

const lab = await Lab.create({ nodes: 1 });
const pod = await lab.addPod({ name: "left", node: "node-1" });
const program = lab.start(pod, "sleep", ["sleep", "1000"]);
console.log(`${lab.prefix} ${program.pid} ${lab.folder}`);
await program.ended;
