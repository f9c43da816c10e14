// Pulumi's runner of policy packs puts a TypeScript compiler of its own before require(), which knows nothing of modules.
// import() goes past it: Node runs the TypeScript itself.
module.exports = import("./index.ts");
