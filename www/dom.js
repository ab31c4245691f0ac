// The few helpers with which the other files build elements.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Builds one element: `h("button", { class: "primary", onclick: save }, "Save")`.
 *
 * Children are nodes or text. Text always becomes a text node: nothing that a contact sends is ever parsed as HTML.
 * Attributes that are undefined, null or false are left out; a property that starts with "on" is an event listener.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** An icon from icons.svg. It is decoration: the control around it carries the name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button that shows an icon alone; `label` is its name for screen readers and its tooltip. */
export function iconButton(name, label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

/** Makes a text field as high as its text; CSS caps it. */
export function fitToText(textarea) {
  textarea.style.height = "auto";
  const { offsetHeight, clientHeight, scrollHeight } = textarea;
  textarea.style.height = `${scrollHeight + offsetHeight - clientHeight}px`;
}

let lastId = 0;

/** An id that no other element of the page has; labels and aria-controls need one. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/**
 * Runs `task` once, `delayMs` later, however often the returned function is called in between: a burst of presences
 * costs one redraw. (Not requestAnimationFrame: the title counts unread messages while the page is in the background.)
 */
export function coalesce(task, delayMs = 0) {
  let isScheduled = false;
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(() => {
      isScheduled = false;
      task();
    }, delayMs);
  };
}

/**
 * Keeps a scrolling element at its end while the reader is there, and leaves it alone when they have scrolled up.
 * Call `change` around whatever makes the content longer; it says whether the end is in view afterwards.
 */
export class StickyScroll {
  #element;

  #frame; // of the scroll to the end that is about to happen

  constructor(element) {
    this.#element = element;
    this.isAtEnd = true;
    element.addEventListener("scroll", () => {
      // What has been added since, and is about to be scrolled to, is no scrolling up of the reader.
      if (!this.#frame) this.isAtEnd = this.#distanceToEnd() < 24;
    }, { passive: true });
    // The reader takes hold of it: where to, the scroll event will say.
    for (const hold of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      element.addEventListener(hold, () => this.#cancel(), { passive: true });
    }
    // A keyboard that opens on a phone, or a console that opens below, makes the element shorter.
    new ResizeObserver(() => this.isAtEnd && this.toEnd()).observe(element);
  }

  change(update) {
    update();
    if (this.isAtEnd) this.#toEndSoon();
    return this.isAtEnd;
  }

  /** Once a frame: a thousand messages at once are laid out once. */
  #toEndSoon() {
    this.#frame ??= requestAnimationFrame(() => this.toEnd());
  }

  #cancel() {
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  toEnd() {
    this.#cancel();
    this.#element.scrollTop = this.#element.scrollHeight;
    this.isAtEnd = true;
  }

  #distanceToEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#element;
    return scrollHeight - scrollTop - clientHeight;
  }
}
