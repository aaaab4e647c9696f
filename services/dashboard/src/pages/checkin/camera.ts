/** Reads QR codes from the phone's camera: by the browser where it can, else by a script fetched for that. */

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

const LOOK_EVERY_MS = 200;
const SAME_CODE_MS = 4_000;
const WIDTH = 480;

/** Whether there can be a camera at all: browsers give one only over TLS or on localhost. */
export const hasCamera = (): boolean => (navigator as { mediaDevices?: MediaDevices }).mediaDevices?.getUserMedia !== undefined;

/** Starts the camera and calls back for each code it sees, one that stays in view only once in a while. Returns how to stop. */
export async function watchCamera(video: HTMLVideoElement, seen: (text: string) => void): Promise<() => void> {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  video.srcObject = stream;
  video.setAttribute("data-on", "");
  await video.play();
  const look = await looker();
  let last = "";
  let lastAt = 0;
  let stopped = false;
  const tick = async (): Promise<void> => {
    const text = await look(video).catch(() => null);
    const now = Date.now();
    if (text !== null && (text !== last || now - lastAt > SAME_CODE_MS)) {
      last = text;
      lastAt = now;
      seen(text);
    }
    if (!stopped) setTimeout(() => void tick(), LOOK_EVERY_MS);
  };
  void tick();
  return () => {
    stopped = true;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    video.removeAttribute("data-on");
  };
}

async function looker(): Promise<(video: HTMLVideoElement) => Promise<string | null>> {
  const { BarcodeDetector: Native } = globalThis as { BarcodeDetector?: DetectorClass };
  if (Native !== undefined && (await Native.getSupportedFormats().catch((): string[] => [])).includes("qr_code")) {
    const detector = new Native({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { default: jsQR } = await import("jsqr");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    if (context === null || video.videoWidth === 0) return Promise.resolve(null);
    canvas.width = WIDTH;
    canvas.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Promise.resolve(jsQR(data, width, height, { inversionAttempts: "dontInvert" })?.data ?? null);
  };
}
