import { expect, test } from "vitest";
import { missingFrom, missingPackages, noAptMessage } from "./packages.ts";

test("a package counts as there only when dpkg says installed", () => {
  const listing = "runc installed\ncontainerd config-files\nlibc6:amd64 installed\ndpkg-query: no packages found matching x\n";
  expect(missingFrom(["runc", "containerd", "libc6", "x"], listing)).toEqual(["containerd", "x"]);
});

test("the machine's own dpkg is asked, and an unknown package is missing", async () => {
  expect(await missingPackages(["dpkg", "rewardlab-no-such-package"])).toEqual(["rewardlab-no-such-package"]);
});

test("without apt the message names the packages and the other way", () => {
  expect(noAptMessage(["runc"])).toMatch(/no apt-get here: runc.*On a cluster of your own/);
});
