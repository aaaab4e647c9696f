import { expect, test } from "vitest";
import { detailText, readable } from "./trace";

test("detailText leaves out what says nothing to a person", () => {
  expect(detailText({ reason: "mailbox_unknown", as: "0198a000-0000-7000-8000-0000000000e1", attempt: 2, status: "5.1.1", error: "" })).toBe("mailbox unknown, 5.1.1");
  expect(detailText({})).toBe("");
});

test("readable makes words of a name", () => {
  expect(readable("service_key.created")).toBe("Service key created");
});
