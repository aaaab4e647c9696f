/** Money in integer minor units, as the services keep it. */

/** How many decimals a currency has: 2 for EUR, 0 for JPY, 3 for KWD. */
export function decimalsOf(currency: string): number {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

export function formatMoney(minor: number, currency: string): string {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(minor / 10 ** decimalsOf(currency));
}

/** Minor units of what a person typed ("1,250.5"), or null when it is no amount. */
export function parseMoney(typed: string, currency: string): number | null {
  const decimals = decimalsOf(currency);
  const match = /^(-?)(\d+)(?:[.,](\d+))?$/.exec(typed.replaceAll(/[\s'’]/g, "").replace(/,(?=\d{3}(\D|$))/g, ""));
  if (match === null) return null;
  const [, sign, whole = "", fraction = ""] = match;
  if (fraction.length > decimals) return null;
  const minor = Number(whole + fraction.padEnd(decimals, "0"));
  return Number.isSafeInteger(minor) ? (sign === "-" ? -minor : minor) : null;
}

/** Minor units as an input shows them: "1250.50". */
export function plainMoney(minor: number, currency: string): string {
  return (minor / 10 ** decimalsOf(currency)).toFixed(decimalsOf(currency));
}
