/** What crew.js says, in the languages of the call sheet. */

const EN = {
  sending: "Sending…",
  offline: "No connection: nothing was sent. Please try again.",
  refused: "That did not work. Please try again.",
  queued: "Queued",
  stored: "Stored",
  again: "No connection. Trying again…",
  notSent: "Not sent:",
  notPhoto: "Not a photo we can take: use JPEG, PNG, WebP or HEIC, up to 25 MB.",
  addPhoto: "Add photo",
};

type Words = typeof EN;

const WORDS: Readonly<Record<string, Words>> = {
  en: EN,
  de: {
    sending: "Wird gesendet…",
    offline: "Keine Verbindung: Es wurde nichts gesendet. Bitte noch einmal versuchen.",
    refused: "Das hat nicht geklappt. Bitte noch einmal versuchen.",
    queued: "Wartet",
    stored: "Gespeichert",
    again: "Keine Verbindung. Neuer Versuch…",
    notSent: "Nicht gesendet:",
    notPhoto: "Kein Foto, das wir annehmen: JPEG, PNG, WebP oder HEIC, bis 25 MB.",
    addPhoto: "Foto hinzufügen",
  },
  fr: {
    sending: "Envoi…",
    offline: "Pas de connexion : rien n’a été envoyé. Veuillez réessayer.",
    refused: "Cela n’a pas fonctionné. Veuillez réessayer.",
    queued: "En attente",
    stored: "Enregistrée",
    again: "Pas de connexion. Nouvel essai…",
    notSent: "Pas envoyée :",
    notPhoto: "Ce n’est pas une photo acceptée : JPEG, PNG, WebP ou HEIC, 25 Mo au plus.",
    addPhoto: "Ajouter une photo",
  },
  es: {
    sending: "Enviando…",
    offline: "Sin conexión: no se ha enviado nada. Inténtalo de nuevo.",
    refused: "No ha funcionado. Inténtalo de nuevo.",
    queued: "En cola",
    stored: "Guardada",
    again: "Sin conexión. Nuevo intento…",
    notSent: "No enviada:",
    notPhoto: "No es una foto admitida: JPEG, PNG, WebP o HEIC, hasta 25 MB.",
    addPhoto: "Añadir foto",
  },
};

/** The words of a language tag such as "de-AT"; English for one that is not spoken here. */
export function wordsOf(language: string): Words {
  return WORDS[language.slice(0, 2).toLowerCase()] ?? EN;
}
