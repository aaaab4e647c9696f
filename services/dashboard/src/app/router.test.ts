import { expect, test } from "vitest";
import { safeNext } from "./app";
import { match } from "./router";

test("match reads parameters and refuses what does not fit", () => {
  expect(match("/events/:id", "/events/abc")).toEqual({ id: "abc" });
  expect(match("/events/:id", "/events/a%20b/")).toEqual({ id: "a b" });
  expect(match("/events/:id", "/events")).toBeNull();
  expect(match("/events/:id", "/events/")).toBeNull();
  expect(match("/events/:id", "/events/a/b")).toBeNull();
  expect(match("/events/:id", "/events/%E0%A4")).toBeNull();
  expect(match("/", "/")).toEqual({});
});

test("next leads nowhere but into this dashboard", () => {
  expect(safeNext("/events/1?x=2")).toBe("/events/1?x=2");
  for (const evil of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", null]) {
    expect(safeNext(evil)).toBe("/events");
  }
});
