import { expect, test } from "vitest";
import { parseMoney, plainMoney } from "./money";

test.each([
  ["1250", "EUR", 125_000],
  ["1,250.50", "EUR", 125_050],
  ["1250,5", "EUR", 125_050],
  ["-3.20", "USD", -320],
  ["1200", "JPY", 1200],
  ["1.234", "KWD", 1234],
  ["0.005", "EUR", null],
  ["12 monkeys", "EUR", null],
  ["", "EUR", null],
  ["99999999999999999999", "EUR", null],
])("parseMoney reads %j in %s as %s", (typed, currency, minor) => {
  expect(parseMoney(typed, currency)).toBe(minor);
});

test("plainMoney is what parseMoney takes back", () => {
  for (const [minor, currency] of [[125_050, "EUR"], [7, "EUR"], [1200, "JPY"], [-1234, "KWD"]] as const) {
    expect(parseMoney(plainMoney(minor, currency), currency)).toBe(minor);
  }
});
