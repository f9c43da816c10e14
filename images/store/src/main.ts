import { FileStore } from "./fileStore.ts";
import { KeyRing } from "./keyRing.ts";
import { storeServer } from "./server.ts";
import { EXIT_CONFIG, readSettings } from "./settings.ts";

/** Keeps the files of a stack's runs until they are collected. Ends on a signal, once the requests under way are answered. */
const settings = readSettings(process.env);
if (Array.isArray(settings)) {
  console.error(`store: bad settings\n${settings.join("\n")}`);
  process.exit(EXIT_CONFIG);
}
const store = new FileStore(settings.folder);
await store.tidy();
const server = storeServer(store, new KeyRing(settings.keyFile), (line) => console.error(line));
server.listen(settings.port, () => console.error(`store: keeps ${settings.folder}, on port ${settings.port}`));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
