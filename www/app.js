// Start-up: one pane for each account of demo.json (the demo server makes it), or, where the site is served without
// one, a single pane with the form to log in anywhere.

import { coalesce, h } from "./dom.js";
import { haveMet, introduce } from "./introduce.js";
import { Pane } from "./pane.js";
import { bareJid, errorWords } from "./words.js";

const panesElement = document.getElementById("panes");
const tabsElement = document.getElementById("tabs");
const introductionElement = document.getElementById("introduction");

const changed = coalesce(showChanges);
const demo = await loadDemo();
const panes = (demo?.accounts ?? [undefined]).map((account, index) => new Pane({
  id: `pane-${index + 1}`,
  account: account && { ...account, url: demo.url },
  onChange: changed,
}));

panesElement.replaceChildren(...panes.map((pane) => pane.element));
panesElement.dataset.count = panes.length;
const tabs = panes.length > 1 ? makeTabs() : [];
showChanges();
for (const pane of panes) pane.start();

// Leaving the page closes the streams properly, so that the contacts see us go at once, not after a timeout.
// Nothing can be awaited here: what the call sends before it returns is what the server gets.
addEventListener("pagehide", () => {
  for (const pane of panes) pane.client?.disconnect();
});

// The browser kept the page as it was (back/forward cache): log in again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const pane of panes) pane.reconnect();
});

/** The address of the demo's server and its accounts, or undefined where the site is served without them. */
async function loadDemo() {
  try {
    const response = await fetch("demo.json", { cache: "no-store" });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** On a narrow screen one pane shows at a time, and these tabs switch between them. On a wide one CSS hides them. */
function makeTabs() {
  const made = panes.map((pane, index) => h("button", {
    type: "button", role: "tab", class: "tab", id: `tab-${index + 1}`, "aria-controls": pane.element.id,
    onclick: () => select(index),
    onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (index + step + panes.length) % panes.length;
      select(next);
      made[next].focus();
    },
  }));
  const select = (selected) => {
    panes.forEach((pane, index) => {
      const isSelected = index === selected;
      pane.element.classList.toggle("is-selected", isSelected);
      made[index].setAttribute("aria-selected", isSelected);
      made[index].tabIndex = isSelected ? 0 : -1;
    });
  };
  tabsElement.replaceChildren(...made);
  tabsElement.hidden = false;
  select(0);

  // A pane is the panel of a tab only while there are tabs to see.
  const narrow = matchMedia("(max-width: 899px)");
  const setRoles = () => {
    panes.forEach((pane, index) => {
      pane.element.setAttribute("role", narrow.matches ? "tabpanel" : "region");
      if (narrow.matches) pane.element.setAttribute("aria-labelledby", made[index].id);
      else pane.element.removeAttribute("aria-labelledby");
    });
  };
  narrow.addEventListener("change", setRoles);
  setRoles();
  return made;
}

/** Runs after an account, a connection, a roster or an unread count has changed in a pane. */
function showChanges() {
  const waiting = panes.reduce((sum, pane) => sum + pane.waiting, 0);
  document.title = waiting ? `(${waiting}) Waxwing demo` : "Waxwing demo";
  tabs.forEach((tab, index) => {
    const { name, waiting: count } = panes[index];
    tab.replaceChildren(name, count ? h("span", { class: "badge" }, String(count), h("span", { class: "visually-hidden" }, " waiting")) : "");
  });
  showIntroduction();
}

/** Offers to make the demo's two accounts contacts, as long as both are online and neither has asked the other. */
function showIntroduction() {
  const [first, second] = panes.map((pane) => pane.client);
  const isNeeded = first?.state === "online" && second?.state === "online"
    && panes.every((pane) => pane.isDemoAccount) && !haveMet(first, second);
  if (isNeeded === !introductionElement.hidden) return;
  introductionElement.hidden = !isNeeded;
  if (!isNeeded) return;

  const names = panes.map((pane) => pane.name);
  const outcome = h("p", { class: "introduction-error", role: "alert" });
  const button = h("button", {
    type: "button", class: "primary",
    onclick: async () => {
      button.disabled = true;
      outcome.textContent = "";
      panes[0].expectYes(bareJid(second.jid));
      panes[1].expectYes(bareJid(first.jid));
      try {
        await introduce(first, second, { groups: ["Verona"], signal: AbortSignal.timeout(15_000) });
      } catch (error) {
        outcome.textContent = errorWords(error);
      } finally {
        button.disabled = false;
      }
    },
  }, "Make them contacts");
  introductionElement.replaceChildren(
    h("p", {}, h("strong", {}, `${names[0]} and ${names[1]} have not met.`),
      h("span", { class: "introduction-more" }, " Add a contact in one pane and accept the request in the other, or take the short way.")),
    button, outcome);
}
