// A button that opens a menu, after the ARIA "menu button" pattern: arrows move, Escape closes and gives the focus back.

import { h, icon, uniqueId } from "./dom.js";

/**
 * @param {string} label  the name of the button
 * @param {() => { label: string, isDanger?: boolean, run: () => void }[]} items  asked each time the menu opens
 */
export function menuButton(label, items) {
  const id = uniqueId("menu");
  const list = h("div", { class: "menu", role: "menu", id, "aria-label": label, hidden: true });
  const button = h("button", {
    type: "button", class: "icon-button", "aria-label": label, title: label,
    "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id,
  }, icon("more"));
  const element = h("div", { class: "menu-anchor" }, button, list);

  const open = () => {
    list.replaceChildren(...items().map((item) => h("button", {
      type: "button", role: "menuitem", tabindex: "-1", class: item.isDanger ? "is-danger" : "",
      onclick: () => {
        close();
        item.run();
      },
    }, item.label)));
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    list.firstElementChild?.focus();
    document.addEventListener("pointerdown", closeOutside);
  };
  const close = () => {
    const hadFocus = element.contains(document.activeElement);
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", closeOutside);
    if (hadFocus) button.focus();
  };
  const closeOutside = (event) => {
    if (!element.contains(event.target)) close();
  };

  button.addEventListener("click", () => (list.hidden ? open() : close()));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !list.hidden) return;
    event.preventDefault();
    open();
  });
  list.addEventListener("keydown", (event) => {
    const entries = [...list.children];
    const at = entries.indexOf(document.activeElement);
    const to = {
      ArrowDown: (at + 1) % entries.length,
      ArrowUp: (at - 1 + entries.length) % entries.length,
      Home: 0,
      End: entries.length - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      entries[to].focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.stopPropagation();
      close();
    }
  });
  return element;
}
