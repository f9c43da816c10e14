import program from "../../index.ts";
import { record } from "../record.ts";
import { fleetConfig } from "./fleetStack.ts";

/**
 * One measurement, in a process of its own: the program runs once over so many experiments, with the SDK's own mocks in place
 * of an engine. Prints its seconds (modules are loaded before), the process's largest memory, and how many resources it registered.
 */
const experiments = Number(process.argv[2]);
console.log = () => {};
const start = performance.now();
const { resources } = await record(() => program(), { stack: "fleet", config: fleetConfig(experiments) });
const seconds = (performance.now() - start) / 1000;
process.stdout.write(`${JSON.stringify({ seconds, rssMiB: process.resourceUsage().maxRSS / 1024, resources: resources.length })}\n`);
