/** Writes the types of the services' HTTP contracts, from their own OpenAPI documents, into src/api/generated. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const dashboard = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(dashboard, "..", "..");
const target = join(dashboard, "src", "api", "generated");
const local = join(root, ".venv", "bin", "python");
const python = process.env.MUSTER_PYTHON ?? (existsSync(local) ? local : "python3");

mkdirSync(target, { recursive: true });
for (const service of ["auth", "events", "media", "notifications"]) {
  const json = execFileSync(python, ["-m", "muster_shared.openapi_dump", `muster_${service}`], { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const types = astToString(await openapiTS(json, { alphabetize: true, defaultNonNullable: false }));
  writeFileSync(join(target, `${service}.ts`), types);
}
