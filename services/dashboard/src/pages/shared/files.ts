/** Which files may be added, and what they are when the browser does not say. */

export const MAX_BYTES = 25 * 1024 * 1024;
export const ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif";

const BY_EXTENSION: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  heic: "image/heic",
  heif: "image/heic",
};
const ALLOWED = new Set(["image/jpeg", "image/png", "image/webp", "image/heic"]);

/** The content type to sign for, or null when it is no photo Muster takes. Browsers off Apple's systems give none for HEIC. */
export function contentTypeOf(file: { name: string; type: string }): string | null {
  const given = file.type === "image/heif" ? "image/heic" : file.type === "image/jpg" ? "image/jpeg" : file.type;
  if (ALLOWED.has(given)) return given;
  if (given !== "" && given !== "application/octet-stream") return null;
  const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
  return BY_EXTENSION[extension] ?? null;
}

export interface Refusals {
  notPhoto: string;
  empty: string;
  tooLarge: (size: string) => string;
}

export const REFUSALS: Refusals = {
  notPhoto: "Not a photo we can take: use JPEG, PNG, WebP or HEIC.",
  empty: "This file is empty.",
  tooLarge: (size) => `Too large: ${size}; up to 25 MB each.`,
};

/** Why a file cannot be added, in words for its owner, or null when it can. */
export function refusalOf(file: { name: string; type: string; size: number }, words: Refusals = REFUSALS): string | null {
  if (contentTypeOf(file) === null) return words.notPhoto;
  if (file.size === 0) return words.empty;
  if (file.size > MAX_BYTES) return words.tooLarge(humanSize(file.size));
  return null;
}

/** Bytes for people. */
export function humanSize(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
