import { userInfo } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { whoAsks } from "./who.ts";

afterEach(() => vi.unstubAllEnvs());

test("who asks: as said, else SLUICE_USER, else the system's user; an empty name is none", () => {
  vi.stubEnv("SLUICE_USER", "Ben");
  expect(whoAsks("Ana Ruiz")).toBe("Ana Ruiz");
  expect(whoAsks(undefined)).toBe("Ben");
  expect(whoAsks("")).toBe("Ben");
  vi.stubEnv("SLUICE_USER", " ");
  expect(whoAsks(undefined)).toBe(userInfo().username);
});
