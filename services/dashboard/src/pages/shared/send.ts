/** Sends one file to storage with a presigned request, telling how far it is. */
import { Failure } from "./http";

export interface Presigned {
  method: "POST" | "PUT";
  url: string;
  fields?: Record<string, string>;
  headers?: Record<string, string>;
}

/** Resolves once storage has it. Rejects with Failure; 403 means that the signature is no longer taken. */
export function send(upload: Presigned, file: Blob, onProgress: (fraction: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // fetch cannot report the progress of a request body.
    const request = new XMLHttpRequest();
    request.open(upload.method, upload.url);
    request.timeout = 10 * 60 * 1000;
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Failure(`Storage answered ${request.status}.`, request.status));
    });
    for (const failed of ["error", "timeout", "abort"]) {
      request.addEventListener(failed, () => reject(new Failure("The connection broke off.", 0)));
    }
    request.send(bodyOf(upload, file, request));
  });
}

function bodyOf(upload: Presigned, file: Blob, request: XMLHttpRequest): FormData | Blob {
  if (upload.method === "PUT") {
    for (const [name, value] of Object.entries(upload.headers ?? {})) request.setRequestHeader(name, value);
    return file;
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields ?? {})) form.append(name, value);
  // S3 ignores every field after the file, so the file comes last.
  form.append("file", file);
  return form;
}
