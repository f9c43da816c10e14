import { expect, test } from "vitest";
import { sourcesOf, transportOf } from "./aptSources.ts";

const TARGETS = [
  "http://mirror.example/debian/|bookworm|main",
  "http://mirror.example/debian/|bookworm|contrib",
  "http://mirror.example/debian/|bookworm|main",
  "http://mirror.example/debian/|bookworm-updates|main",
  "http://mirror.example/debian-security/|bookworm-security|main",
  "https://tools.example/apt|tools-bookworm|main",
  "http://mirror.example/debian/|bookworm-backports|main",
  "",
].join("\n");

test("the release, its updates and its security fixes are taken, each once and of the main component alone", () => {
  expect(sourcesOf(TARGETS, "bookworm")).toEqual([
    "deb http://mirror.example/debian/ bookworm main",
    "deb http://mirror.example/debian/ bookworm-updates main",
    "deb http://mirror.example/debian-security/ bookworm-security main",
  ]);
});

test("updates without the release itself are no source", () => {
  expect(sourcesOf("http://mirror.example/debian/|bookworm-updates|main", "bookworm")).toEqual([]);
  expect(sourcesOf(TARGETS, "trixie")).toEqual([]);
  expect(sourcesOf("", "bookworm")).toEqual([]);
});

test("of apt's settings only those of its way through the network are handed on, and only where they say something", () => {
  const dump = [
    'APT "";',
    'Acquire::http "";',
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::https::CaInfo "/etc/ssl/private.pem";',
    'Acquire::http::Proxy::direct.example "DIRECT";',
    'Acquire::Retries "3";',
    'Dir::State::lists "/var/lib/apt/lists";',
  ].join("\n");
  expect(transportOf(dump)).toEqual([
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::https::CaInfo "/etc/ssl/private.pem";',
    'Acquire::http::Proxy::direct.example "DIRECT";',
  ]);
});
