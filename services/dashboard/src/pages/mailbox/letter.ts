/**
 * Shows a mail's HTML in a frame that runs no scripts. The page's policy refuses styles written in HTML, and a mail has no
 * others; so they are taken out of the text and set through the DOM, which the policy allows.
 */
import { h } from "../shared/dom";

const LEFT_OUT = "script, iframe, frame, object, embed, link, meta, base, form";

export function letter(title: string, html: string): HTMLIFrameElement {
  const frame = h("iframe", {
    class: "mb-frame",
    title,
    // The frame shares this origin, so that it can be filled from here; without allow-scripts nothing in it runs.
    sandbox: "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    srcdoc: '<!doctype html><base target="_blank"><body>',
  });
  frame.addEventListener("load", () => {
    if (frame.contentDocument !== null) fill(frame.contentDocument, html);
    frame.style.height = `${Math.max(240, frame.contentDocument?.documentElement.scrollHeight ?? 0)}px`;
  });
  return frame;
}

/** HTML in which styles and handlers are but data: parsing them would already be reported as a breach of the policy. */
export function disarmed(html: string): string {
  return html
    .replace(/<style\b([^>]*)>([^]*?)<\/style\s*>/gi, (_, __, css: string) => `<template data-css="${css.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></template>`)
    .replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/(\s)(style|on\w+)(\s*=)/gi, (_, space: string, name: string, equals: string) => `${space}data-${name.toLowerCase()}${equals}`));
}

/** Puts a mail's HTML into an empty document, its styles by way of the DOM. */
export function fill(target: Document, html: string): void {
  const mail = new DOMParser().parseFromString(disarmed(html), "text/html");
  for (const element of mail.querySelectorAll(LEFT_OUT)) element.remove();
  const Sheet = target.defaultView?.CSSStyleSheet;
  for (const style of mail.querySelectorAll("template[data-css]")) {
    if (Sheet !== undefined) {
      const sheet = new Sheet();
      sheet.replaceSync(style.getAttribute("data-css") ?? "");
      target.adoptedStyleSheets.push(sheet);
    }
    style.remove();
  }
  target.documentElement.lang = mail.documentElement.lang || "en";
  for (const child of [...mail.body.childNodes]) target.body.append(copied(child, target));
  dress(mail.body, target.body);
}

function copied(node: Node, target: Document): Node {
  if (!(node instanceof Element)) return target.importNode(node, true);
  const copy = target.importNode(node, false);
  dress(node, copy);
  for (const child of node.childNodes) copy.append(copied(child, target));
  return copy;
}

function dress(from: Element, to: Element): void {
  const style = from.getAttribute("data-style");
  to.removeAttribute("data-style");
  if (style !== null && "style" in to) (to as HTMLElement).style.cssText = style;
}
