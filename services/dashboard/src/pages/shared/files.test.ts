import { expect, test } from "vitest";
import { contentTypeOf, MAX_BYTES, refusalOf } from "./files";

test.each([
  ["a.jpg", "image/jpeg", "image/jpeg"],
  ["IMG_1.HEIC", "", "image/heic"],
  ["IMG_1.heif", "application/octet-stream", "image/heic"],
  ["a.heif", "image/heif", "image/heic"],
  ["a.png", "", "image/png"],
  ["a.svg", "image/svg+xml", null],
  ["a.gif", "image/gif", null],
  ["a.jpg", "text/html", null],
  ["photo", "", null],
])("contentTypeOf(%s, %j) is %j", (name, type, expected) => {
  expect(contentTypeOf({ name, type })).toBe(expected);
});

test("refusalOf takes a photo up to the limit and not a byte more", () => {
  const jpeg = { name: "a.jpg", type: "image/jpeg" };
  expect(refusalOf({ ...jpeg, size: MAX_BYTES })).toBeNull();
  expect(refusalOf({ ...jpeg, size: MAX_BYTES + 1 })).toContain("Too large");
  expect(refusalOf({ ...jpeg, size: 0 })).toContain("empty");
  expect(refusalOf({ name: "a.pdf", type: "application/pdf", size: 5 })).toContain("JPEG");
});
