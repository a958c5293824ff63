/** The floor plan: who may import whom, and which library is met in one place only. `npm run floor-plan` enforces it. */
const ROOMS = ["protocol", "ipc", "contracts", "circuits", "proofs", "network", "provider", "sdk", "gateway", "main", "cli", "devnet", "preload", "renderer", "test", "bench"];
const MAY = {
  protocol: [],
  contracts: [],
  proofs: [],
  circuits: ["proofs"],
  ipc: ["protocol"],
  network: ["protocol"],
  provider: ["protocol", "ipc", "network", "contracts", "circuits", "proofs"],
  sdk: ["protocol", "network", "contracts", "proofs"],
  gateway: ["sdk", "network", "protocol"],
  renderer: ["ipc", "protocol", "proofs"],
  preload: ["ipc"],
  main: ["provider", "ipc", "protocol"],
  cli: ["provider", "ipc", "protocol"],
  devnet: ["provider", "sdk", "gateway", "network", "ipc", "protocol", "contracts", "circuits", "proofs"],
};
const walls = Object.entries(MAY).map(([room, may]) => ({
  name: `floor-${room}`,
  comment: `${room} may import ${may.length === 0 ? "no other room" : may.join(", ")}`,
  severity: "error",
  from: { path: `^${room}/` },
  to: { path: `^(${ROOMS.filter((other) => other !== room && !may.includes(other)).join("|")})/` },
}));
const door = (library, places) => ({
  name: `one-door-${library.replace(/[^a-z0-9]+/g, "-")}`,
  comment: `${library} is met only in ${places.join(", ")}`,
  severity: "error",
  from: { pathNot: `^(${[...places.map((place) => place.replace(/[.]/g, "\\.")), "test/", "bench/", ".*\\.test\\.tsx?$"].join("|")})` },
  to: { path: `(^|/)node_modules/${library}(/|$)` },
});

module.exports = {
  forbidden: [
    { name: "no-circular", comment: "a circle has no bottom to start reading from (types included)", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", comment: "an import that leads nowhere", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: "^(electron|virtual:)" } },
    { name: "setup-is-gpl", comment: "the GPL setup package lies beneath nothing but tests", severity: "error", from: { pathNot: "^(circuits/setup/|test/|bench/)" }, to: { path: "^circuits/setup/" } },
    { name: "preload-types-only", comment: "preload takes types from ipc, no code", severity: "error", from: { path: "^preload/" }, to: { path: "^ipc/", dependencyTypesNot: ["type-only"] } },
    ...walls,
    door("onnxruntime-node", ["provider/execution/onnx.ts"]),
    door("onnxruntime-web", ["provider/execution/wasm.ts"]),
    door("snarkjs", ["provider/proving/groth16.ts", "circuits/setup/"]),
    door("circom2", ["circuits/setup/"]),
    door("ethers", ["provider/settlement/chain.ts", "provider/wallet/", "sdk/escrow.ts", "contracts/"]),
    door("electron", ["main/", "preload/"]),
    door("systeminformation", ["provider/hardware/probe.ts"]),
    door("electron-store", ["main/ports/settings.ts"]),
    door("libp2p", ["network/"]),
    door("@nomicfoundation/edr", ["devnet/chain.ts"]),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.build|\\.cache|\\.out)/|circuits/artifacts" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default", "types"], extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"] },
  },
};
