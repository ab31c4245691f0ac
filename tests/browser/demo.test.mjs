// The demo site as a visitor uses it: www/ under its own strict policy, the real package, a real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

// What the README tells people to use. Without 'unsafe-inline', 'unsafe-eval' or an import map.
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; style-src 'self'";
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

let chromium;
let server;
let accounts;        // what /demo.json answers now
let usersMade = 0;

before(async () => {
  const routes = { "/demo.json": () => ({ url: server.url, accounts: accounts.map(({ jid, password }) => ({ jid, password })) }) };
  [chromium, server] = await Promise.all([browser.launch({ csp: CSP, routes }), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** Opens the site with two fresh accounts, each in its pane. */
async function openDemo(device = DESKTOP) {
  usersMade += 1;
  accounts = ["romeo", "juliet"].map((name) => server.register(`${name}${usersMade}`, "s3cret"));
  const page = await openPage(device);
  const [romeo, juliet] = accounts.map(({ jid, user }, index) => pane(page, index + 1, { jid, name: capitalised(user) }));
  await romeo.hasState("Online");
  await juliet.hasState("Online");
  return { page, romeo, juliet };
}

async function openPage(device, site = chromium) {
  const context = await site.browser.newContext({ ...device, reducedMotion: "reduce" });
  return site.newPage({ path: "/", context, waxwing: false });
}

async function close(page, ...expectedErrors) {
  page.assertNoErrors(...expectedErrors);
  await page.context().close();
}

/** One pane, in the words of somebody who looks at it. Each `has...` waits until it is so. */
function pane(page, number, { jid, name }) {
  const element = page.locator(`#pane-${number}`);
  const input = element.getByLabel(/^Message to/);
  const row = (text) => element.locator(".row").filter({ hasText: text });
  return {
    jid, name, element, input, row,
    hasState: (word) => element.locator(".connection-word").filter({ hasText: word }).waitFor({ state: "attached" }),
    hasRequest: (from) => element.locator(".request").filter({ hasText: from }).waitFor(),
    hasMessage: (text) => element.locator(".bubble").filter({ hasText: text }).waitFor(),
    lastDelivery: (stage) => element.locator(`.message.is-out >> nth=-1 >> .delivery[data-stage="${stage}"]`).waitFor(),
    open: (contact) => row(contact).click(),
    send: async (text) => {
      await input.fill(text);
      await input.press("Enter");
    },
    addContact: async ({ jid, name, groups }) => {
      await element.getByRole("button", { name: "Add a contact" }).click();
      const dialog = page.getByRole("dialog", { name: "Add a contact" });
      await dialog.getByLabel("Address").fill(jid);
      await dialog.getByLabel("Name").fill(name);
      await dialog.getByLabel("Groups").fill(groups);
      await dialog.getByRole("button", { name: "Add contact" }).click();
      await dialog.waitFor({ state: "detached" });
    },
    chooseFromMenu: async (menu, entry) => {
      await element.getByRole("button", { name: menu }).click();
      await element.getByRole("menuitem", { name: entry }).click();
    },
  };
}

async function openDemoWithContacts(device) {
  const demo = await openDemo(device);
  await demo.page.getByRole("button", { name: "Make them contacts" }).click();
  await demo.romeo.row(demo.juliet.name).filter({ hasText: "Online" }).waitFor({ state: "attached" });
  await demo.juliet.row(demo.romeo.name).filter({ hasText: "Online" }).waitFor({ state: "attached" });
  return demo;
}

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

test("one click makes the two contacts, and the offer goes away", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await page.getByRole("button", { name: "Make them contacts" }).waitFor({ state: "hidden" });
  assert.equal(await romeo.row(juliet.name).count(), 1);
  assert.equal(await juliet.element.locator(".request").count(), 0);
  await close(page);
});

test("a contact is added by hand, asked for, accepted and seen on both sides", async () => {
  const { page, romeo, juliet } = await openDemo();
  await romeo.addContact({ jid: juliet.jid, name: "My Juliet", groups: "Verona, Love" });
  await juliet.hasRequest(romeo.jid);
  await juliet.element.getByRole("button", { name: /^Accept/ }).click();
  // Accepting asks in return.
  await romeo.hasRequest(juliet.jid);
  await romeo.element.getByRole("button", { name: /^Accept/ }).click();
  await juliet.row(romeo.jid).filter({ hasText: "Online" }).waitFor();
  await romeo.row("My Juliet").filter({ hasText: "Online" }).first().waitFor();
  assert.equal(await romeo.row("My Juliet").count(), 2, "one row in each of two groups");
  await close(page);
});

test("a denied request leaves no contact behind", async () => {
  const { page, romeo, juliet } = await openDemo();
  await romeo.addContact({ jid: juliet.jid, name: "Juliet", groups: "" });
  await juliet.hasRequest(romeo.jid);
  await juliet.element.getByRole("button", { name: /^Deny/ }).click();
  await romeo.element.locator(".notice").filter({ hasText: "does not share their presence" }).waitFor();
  assert.equal(await juliet.element.locator(".row").count(), 0);
  await close(page);
});

test("a message is shown on both sides, and its sender sees that the server has it", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await romeo.send("But, soft!");
  await romeo.lastDelivery("acked");
  await juliet.row(romeo.name).locator(".badge").filter({ hasText: "1" }).waitFor();
  await juliet.open(romeo.name);
  await juliet.hasMessage("But, soft!");
  await juliet.row(romeo.name).locator(".badge").waitFor({ state: "hidden" });
  await juliet.send("Ay me!");
  await romeo.hasMessage("Ay me!");
  await close(page);
});

test("markup, emoji, right-to-left text and line breaks are shown as they were written", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await juliet.open(romeo.name);
  const text = "<b>&amp; \"quoted\"</b> 😀\nשלום";
  await romeo.send(text);
  await juliet.hasMessage("😀");
  assert.equal(await juliet.element.locator(".body").last().textContent(), text);
  assert.equal(await juliet.element.locator(".body b").count(), 0);
  assert.equal(await juliet.element.locator(".body").last().getAttribute("dir"), "auto");
  await close(page);
});

test("a message to nobody fails in words", async () => {
  const { page, romeo } = await openDemo();
  await romeo.addContact({ jid: "nobody@localhost", name: "Nobody", groups: "" });
  await romeo.send("Is anybody there?");
  await romeo.lastDelivery("failed");
  assert.notEqual((await romeo.element.locator(".failure p").textContent()).trim(), "");
  await romeo.element.getByRole("button", { name: "Send again" }).waitFor();
  await close(page);
});

test("presence and status that one sets are seen by the other", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await juliet.element.getByLabel("Your availability").selectOption("dnd");
  await romeo.row(juliet.name).filter({ hasText: "Do not disturb" }).waitFor();
  await juliet.element.getByLabel("Your status").fill("On the balcony");
  await juliet.element.getByLabel("Your status").press("Enter");
  await romeo.row(juliet.name).filter({ hasText: "On the balcony" }).waitFor();
  await romeo.row(juliet.name).getByRole("img", { name: "Do not disturb" }).waitFor();
  await close(page);
});

test("a contact is renamed, regrouped and removed", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await romeo.chooseFromMenu("Contact menu", "Name and groups…");
  const dialog = page.getByRole("dialog", { name: "Edit contact" });
  await dialog.getByLabel("Name").fill("The sun");
  await dialog.getByLabel("Groups").fill("East");
  await dialog.getByRole("button", { name: "Save" }).click();
  await romeo.element.locator(".group").filter({ hasText: "East" }).filter({ hasText: "The sun" }).waitFor();

  await romeo.chooseFromMenu("Contact menu", "Remove contact…");
  await page.getByRole("dialog", { name: "Remove contact" }).getByRole("button", { name: "Remove" }).click();
  await romeo.element.locator(".conversation-hint").filter({ hasText: "is not in your contacts" }).waitFor();
  await close(page);
});

test("the XML console shows stanzas while it is open, sends one, and says what is wrong with another", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await romeo.send("before the console");
  await romeo.lastDelivery("acked");
  await romeo.element.getByRole("button", { name: "XML console" }).click();
  const xml = romeo.element.getByRole("region", { name: /^XML console/ });
  await romeo.send("for the console");
  await xml.locator(".stanza.is-out").filter({ hasText: "<body>for the console</body>" }).waitFor();
  assert.equal(await xml.locator(".stanza").filter({ hasText: "before the console" }).count(), 0);

  const field = xml.getByLabel("A stanza to send");
  await xml.getByLabel("Examples").selectOption("Ping the server");
  await field.press("Control+Enter");
  await xml.locator(".stanza.is-in").filter({ hasText: "ping-1" }).waitFor();

  await field.fill("<message>");
  await xml.getByRole("button", { name: "Send XML" }).click();
  assert.notEqual(await xml.getByRole("alert").textContent(), "");

  await xml.getByRole("button", { name: "Clear" }).click();
  assert.equal(await xml.locator(".stanza").count(), 0);
  await field.press("Escape");
  await xml.waitFor({ state: "hidden" });
  await close(page);
});

test("everything to write to a contact is done with the keyboard alone", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  const { keyboard } = page;
  await tabTo(page, romeo.row(juliet.name));
  await keyboard.press("Enter");
  await romeo.input.and(page.locator(":focus")).waitFor();
  await keyboard.type("one line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("and another");
  await keyboard.press("Enter");
  await romeo.lastDelivery("acked");
  assert.equal(await romeo.element.locator(".body").last().textContent(), "one line\nand another");
  assert.equal(await romeo.input.inputValue(), "");

  // A menu opens, is walked through and closes, and the focus is where it was.
  const menu = romeo.element.getByRole("button", { name: "Contact menu" });
  await menu.focus();
  await keyboard.press("Enter");
  await keyboard.press("End");
  await romeo.element.getByRole("menuitem", { name: "Remove contact…" }).and(page.locator(":focus")).waitFor();
  await keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await menu.and(page.locator(":focus")).waitFor();
  await close(page);
});

/** Presses Tab until `target` has the focus. */
async function tabTo(page, target) {
  for (let pressed = 0; pressed < 40; pressed += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  assert.fail("the keyboard does not get there");
}

test("on a phone one account shows at a time, and contacts or conversation", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts(PHONE);
  assert.equal(await romeo.element.isVisible(), true);
  assert.equal(await juliet.element.isVisible(), false);
  await romeo.row(juliet.name).tap();
  assert.equal(await romeo.row(juliet.name).isVisible(), false);
  await romeo.send("Can you see me?");
  await romeo.lastDelivery("acked");

  const tab = page.getByRole("tab", { name: juliet.name });
  await tab.filter({ hasText: "1" }).waitFor();
  await tab.tap();
  assert.equal(await romeo.element.isVisible(), false);
  await juliet.row(romeo.name).tap();
  await juliet.hasMessage("Can you see me?");
  await juliet.element.getByRole("button", { name: "Back to the contacts" }).tap();
  await juliet.row(romeo.name).waitFor();
  const { scrollWidth, innerWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, innerWidth }));
  assert.ok(scrollWidth <= innerWidth, `the page is ${scrollWidth} px wide on a screen of ${innerWidth}`);
  await close(page);
});

test("when the server goes away the pane says so, and what was written meanwhile arrives afterwards", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await juliet.open(romeo.name);
  await server.kill();
  await romeo.hasState("Connection lost");
  await juliet.hasState("Connection lost");
  await romeo.element.getByRole("button", { name: "Connect now" }).waitFor();
  await romeo.send("Are you still there?");
  await romeo.lastDelivery("queued");
  await server.restart();
  await romeo.lastDelivery("acked");
  await juliet.hasMessage("Are you still there?");
  await romeo.hasState("Online");
  await close(page, /WebSocket connection to .* failed/);
});

test("logging out is seen by the contact, and one logs in again", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.chooseFromMenu("Account menu", "Log out");
  await romeo.element.getByText(`You have logged out of ${romeo.jid}.`).waitFor();
  await juliet.row(romeo.name).filter({ hasText: "Offline" }).waitFor();
  await romeo.element.getByRole("button", { name: `Log in as ${romeo.jid}` }).click();
  await romeo.hasState("Online");
  await juliet.row(romeo.name).filter({ hasText: "Online" }).waitFor();
  await romeo.row(juliet.name).filter({ hasText: "Online" }).waitFor();
  await close(page);
});

test("a pane logs in elsewhere, and a wrong password is said in words", async () => {
  const { page, romeo } = await openDemo();
  const nurse = server.register("nurse", "r1ght", prosody.domains.sha256);
  await romeo.chooseFromMenu("Account menu", "Log in elsewhere…");
  const logIn = async (password) => {
    await romeo.element.getByLabel("Address", { exact: true }).fill(nurse.jid);
    await romeo.element.getByLabel("Password").fill(password);
    await romeo.element.getByLabel("WebSocket address").fill(server.url);
    await romeo.element.getByRole("button", { name: "Log in", exact: true }).click();
  };
  await logIn("wrong");
  await romeo.element.locator(".form-message").filter({ hasText: /\S/ }).waitFor();
  assert.equal(await romeo.element.getByLabel("Password").inputValue(), "", "the page does not keep the password");
  await logIn("r1ght");
  await romeo.hasState("Online");
  await romeo.element.getByRole("heading", { name: nurse.jid }).waitFor();
  await close(page);
});

test("served without demo.json the site is a form to log in", async () => {
  const alone = await browser.launch({ csp: CSP });
  try {
    const account = server.register("guest", "s3cret");
    const page = await openPage(DESKTOP, alone);
    const guest = pane(page, 1, { jid: account.jid, name: "Guest" });
    assert.equal(await page.locator(".pane").count(), 1);
    await guest.element.getByLabel("Address", { exact: true }).fill(account.jid);
    await guest.element.getByLabel("Password").fill(account.password);
    await guest.element.getByLabel("WebSocket address").fill(server.url);
    await page.keyboard.press("Enter");
    await guest.hasState("Online");
    page.assertNoErrors(/404/); // demo.json, which is not there
  } finally {
    await alone.close();
  }
});
