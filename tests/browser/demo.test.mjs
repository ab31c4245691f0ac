// The demo site as a visitor uses it: www/ under its own strict policy, the real package, a real server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import * as browser from "../support/browser.mjs";
import * as prosody from "../support/prosody.mjs";

// What the README tells people to use. Without 'unsafe-inline', 'unsafe-eval' or an import map.
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *; style-src 'self'";
const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = phone(360, 740);

let chromium;
let server;
let accounts;        // what /demo.json answers now
let url;
let usersMade = 0;

before(async () => {
  const routes = { "/demo.json": () => ({ url, accounts: accounts.map(({ jid, password }) => ({ jid, password })) }) };
  [chromium, server] = await Promise.all([browser.launch({ csp: CSP, routes }), prosody.start()]);
});

after(async () => {
  await chromium?.close();
  await server?.stop();
});

function phone(width, height) {
  return { viewport: { width, height }, hasTouch: true, isMobile: true };
}

/** Opens the site with two fresh accounts, each in its pane. */
async function openDemo(device = DESKTOP, through = server.url) {
  usersMade += 1;
  url = through;
  accounts = ["romeo", "juliet"].map((name) => server.register(`${name}${usersMade}`, "s3cret"));
  const page = await openPage(device);
  const [romeo, juliet] = accounts.map(({ jid, user }, index) => pane(page, index + 1, { jid, name: capitalised(user) }));
  await romeo.hasState("Connected");
  await juliet.hasState("Connected");
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
    /** It has come that far at least. */
    lastDelivery: (stage) => {
      const stages = ["queued", "sent", "acked", "delivered", "displayed"];
      const reached = stage === "failed" ? [stage] : stages.slice(stages.indexOf(stage));
      return element.locator(`.message.is-out >> nth=-1 >> .delivery:is(${reached.map((stage) => `[data-stage="${stage}"]`).join()})`).waitFor();
    },
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

async function openDemoWithContacts(device, through) {
  const demo = await openDemo(device, through);
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

test("a message is shown on both sides, and its sender sees when it was read, and that an answer is being written", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await romeo.send("But, soft!");
  await romeo.lastDelivery("acked");
  await juliet.row(romeo.name).locator(".badge").filter({ hasText: "1" }).waitFor();
  await juliet.open(romeo.name);
  await juliet.hasMessage("But, soft!");
  await juliet.row(romeo.name).locator(".badge").waitFor({ state: "hidden" });
  await romeo.lastDelivery("displayed");
  await juliet.send("Ay me!");
  await romeo.hasMessage("Ay me!");
  await juliet.lastDelivery("displayed");
  const presence = romeo.element.locator(".conversation-presence");
  await juliet.input.fill("O Romeo");
  await presence.filter({ hasText: "typing…" }).waitFor();
  await juliet.send("O Romeo, Romeo!");
  await presence.filter({ hasText: "Online" }).waitFor();
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

test("a failure says what to do, keeps XMPP's own word for the tooltip, and is said once for several messages", async () => {
  const { page, romeo } = await openDemo();
  await romeo.addContact({ jid: "nobody@localhost", name: "Nobody", groups: "" });
  const said = romeo.element.locator(".failure p:not(.visually-hidden)");
  for (const text of ["Is anybody there?", "Hello?"]) {
    await romeo.send(text);
    await romeo.lastDelivery("failed");
  }
  assert.equal(await said.count(), 1);
  assert.match(await said.textContent(), /^Nobody is reached at this address\. /);
  assert.match(await said.getAttribute("title"), /service-unavailable/);

  // Each can be sent again, and once only.
  const again = romeo.element.getByRole("button", { name: "Send again" });
  assert.equal(await again.count(), 2);
  await again.first().click();
  await romeo.element.locator(".message.is-out >> nth=2 >> .delivery[data-stage='failed']").waitFor();
  assert.equal(await romeo.element.locator(".message.is-out >> nth=0").getByRole("button").count(), 0);
  await close(page);
});

test("presence and status that one sets are seen by the other", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await juliet.element.getByLabel("Your availability").selectOption("dnd");
  await romeo.row(juliet.name).filter({ hasText: "Do not disturb" }).waitFor();
  await juliet.element.getByLabel("Your status").fill("On the balcony");
  await juliet.element.getByLabel("Your status").press("Enter");
  await romeo.row(juliet.name).filter({ hasText: "On the balcony" }).waitFor();
  await juliet.element.getByRole("status").filter({ hasText: "Shared" }).waitFor();
  assert.equal(await juliet.element.getByLabel("Your status").evaluate((field) => field === document.activeElement), false, "done with the field");
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
  await romeo.hasState("Connected");
  await close(page, /WebSocket connection to .* failed/);
});

test("while the connection is lost, nobody is shown as if they were there", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  await server.kill();
  await romeo.hasState("Connection lost");
  await romeo.row(juliet.name).filter({ hasText: "Last known: Online" }).waitFor();
  await romeo.element.locator(".conversation-presence").filter({ hasText: "Last known: Online" }).waitFor();
  const [stale, offline] = await romeo.row(juliet.name).locator(".presence-dot").evaluate((element) => {
    const probe = document.createElement("i");
    probe.style.color = "var(--gone)";
    element.append(probe);
    return [getComputedStyle(element).backgroundColor, getComputedStyle(probe).color];
  });
  assert.equal(stale, offline, "the dot is grey");
  await server.restart();
  await romeo.row(juliet.name).filter({ hasText: /^(?!.*Last known).*Online/s }).waitFor();
  await close(page, /WebSocket connection to .* failed/);
});

test("a connection that breaks goes on where it was: nothing was missed, and a message in doubt turns out to be on the server", async () => {
  const cable = await layCable();
  const { page, romeo, juliet } = await openDemoWithContacts(DESKTOP, cable.url);
  await romeo.open(juliet.name);
  await juliet.open(romeo.name);
  cable.isDeaf = true; // what is sent leaves the page and gets nowhere
  await romeo.send("O, wilt thou leave me so unsatisfied?");
  await romeo.lastDelivery("sent");
  cable.cut();
  await romeo.hasState("Connection lost");
  await romeo.send("What satisfaction canst thou have tonight?");
  await romeo.lastDelivery("queued");

  cable.mend();
  for (const pane of [romeo, juliet]) await pane.element.locator(".notice").filter({ hasText: "Back, nothing was missed." }).waitFor();
  await romeo.lastDelivery("acked");
  await juliet.hasMessage("What satisfaction");
  assert.equal(await romeo.element.locator(".delivery:is([data-stage='acked'], [data-stage='delivered'], [data-stage='displayed'])").count(), 2);
  assert.equal(await juliet.element.locator(".bubble").count(), 2, "each of them once");
  await close(page, /WebSocket connection to .* failed/);
  await cable.stop();
});

/** A connection to the server that can be cut: first nothing gets to the server any more, then the sockets are gone. */
async function layCable() {
  const sockets = new Set();
  let isWhole = true;
  const cable = { isDeaf: false };
  const listener = createServer((near) => {
    if (!isWhole) return near.destroy();
    const far = connect(server.port, "127.0.0.1");
    near.on("data", (bytes) => cable.isDeaf || far.write(bytes));
    far.on("data", (bytes) => near.write(bytes));
    for (const [socket, other] of [[near, far], [far, near]]) {
      sockets.add(socket);
      socket.on("error", () => {}); // "close" follows
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = new URL(server.url);
  address.port = listener.address().port;
  const destroyAll = () => sockets.forEach((socket) => socket.destroy());
  return Object.assign(cable, {
    url: address.href,
    cut() {
      isWhole = false;
      destroyAll();
    },
    mend() {
      isWhole = true;
      cable.isDeaf = false;
    },
    async stop() {
      listener.close();
      destroyAll();
      await once(listener, "close");
    },
  });
}

test("news lies over the pane and moves nothing; what the page did by itself is no news", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  assert.equal(await page.locator(".notice").count(), 0, "one asked for the two to be contacts");
  const before = await romeo.input.boundingBox();
  await juliet.open(romeo.name);
  await juliet.chooseFromMenu("Contact menu", "Stop sharing your presence");
  await romeo.element.locator(".notice").filter({ hasText: "does not share their presence" }).waitFor();
  assert.deepEqual(await romeo.input.boundingBox(), before);
  await close(page);
});

test("an open console leaves room for the conversation", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  const nurse = await askFor(page, [romeo, juliet]);
  await romeo.open(juliet.name);
  await romeo.element.getByRole("button", { name: "XML console" }).click();
  await romeo.element.getByRole("region", { name: /^XML console/ }).waitFor();
  const height = async (selector) => (await romeo.element.locator(selector).boundingBox()).height;
  assert.ok(await height(".console") <= await height(".session") * 0.4 + 1);
  assert.ok(await height(".log-frame") >= 150, `${await height(".log-frame")} px of messages`);
  // The request has stepped back to one line, from which it is answered all the same.
  await romeo.element.getByRole("button", { name: "Review" }).click();
  await romeo.element.getByRole("button", { name: "Accept Nurse" }).waitFor();
  await nurse.close();
  await close(page);
});

/** A third account asks the two for their presence. */
async function askFor(page, panes) {
  const account = server.register(`nurse${usersMade}`, "s3cret");
  const other = await chromium.newPage();
  await other.evaluate(async ([options, names]) => {
    globalThis.client = new waxwing.Client(options);
    await client.connect();
    for (const to of names) client.sendRaw(waxwing.xml`<presence to=${to} type="subscribe"><nick xmlns="http://jabber.org/protocol/nick">Nurse</nick></presence>`);
  }, [{ jid: account.jid, password: account.password, url: server.url }, panes.map((pane) => pane.jid)]);
  for (const pane of panes) await pane.element.locator(".request").filter({ hasText: account.jid }).waitFor({ state: "attached" });
  return other;
}

test("on a phone a conversation has most of the screen, also while somebody asks", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts(phone(390, 844));
  const nurse = await askFor(page, [romeo]);
  await romeo.row(juliet.name).tap();
  const { height } = await romeo.element.locator(".log-frame").boundingBox();
  assert.ok(height >= 844 * 0.7, `${height} px of 844 for the messages`);
  assert.equal(await romeo.element.getByRole("button", { name: "Accept Nurse" }).isVisible(), false);
  await romeo.element.getByRole("button", { name: "Review" }).tap();
  await romeo.element.getByRole("button", { name: "Accept Nurse" }).tap();
  await romeo.element.locator(".requests").waitFor({ state: "hidden" });
  await nurse.close();
  await close(page);
});

test("on a phone that has lost the connection nothing covers anything", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts(PHONE);
  const header = romeo.element.locator(".session-header");
  await server.kill();
  try {
    await romeo.element.getByRole("button", { name: "Connect now" }).waitFor();
    for (const width of [390, 360, 320]) {
      await page.setViewportSize({ width, height: 740 });
      assert.deepEqual(await overlaps(header), [], `contacts at ${width} px`);
      await romeo.row(juliet.name).tap();
      await header.getByText("Connection lost").waitFor();
      assert.deepEqual(await overlaps(header), [], `conversation at ${width} px`);
      await romeo.element.getByRole("button", { name: "Back to the contacts" }).tap();
    }
  } finally {
    await server.restart();
  }
  await close(page, /WebSocket connection to .* failed/);
});

/** The pairs of visible texts and controls in an element whose boxes cut each other, and what sticks out of it. */
function overlaps(locator) {
  return locator.evaluate((root) => {
    const frame = root.getBoundingClientRect();
    const leaves = [...root.querySelectorAll("*")].filter((element) => element.checkVisibility() && !element.closest("svg, [hidden]")
      && (element.matches("button, .avatar") || (!element.closest("button") && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))));
    const boxes = leaves.map((element) => ({ name: element.textContent.trim() || element.getAttribute("aria-label"), ...element.getBoundingClientRect().toJSON() }));
    const cut = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
    const isInside = (box) => box.left >= frame.left - 0.5 && box.right <= frame.right + 0.5 && box.top >= frame.top - 0.5 && box.bottom <= frame.bottom + 0.5;
    return [
      ...boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) => cut(a, b)).map((b) => `${a.name} / ${b.name}`)),
      ...boxes.filter((box) => !isInside(box)).map((box) => `${box.name} sticks out`),
    ];
  });
}

test("every target is large enough for what points at it, and the page fits at twice the size", async () => {
  for (const [device, least] of [[DESKTOP, 24], [PHONE, 44], [{ viewport: { width: 640, height: 400 } }, 24]]) {
    const { page, romeo } = await openDemo(device);
    const small = [];
    const look = async () => small.push(...await page.evaluate((least) => [...document.querySelectorAll("button, input:not([type=checkbox]), select, textarea")]
      .filter((element) => element.checkVisibility())
      .map((element) => [element.ariaLabel ?? element.textContent, element.getBoundingClientRect()])
      .filter(([, { width, height }]) => width < least || height < least)
      .map(([name, { width, height }]) => `${name}: ${width} x ${height}`), least));
    await look();
    await romeo.addContact({ jid: "nobody@localhost", name: "Nobody", groups: "" });
    await romeo.send("Is anybody there?");
    await romeo.lastDelivery("failed");
    await look();
    assert.deepEqual(small, [], `under ${least} px at ${device.viewport.width} px`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing to scroll sideways");
    await close(page);
  }
});

test("in a low window a request is one line, from which it is answered", async () => {
  const { page, romeo } = await openDemo({ viewport: { width: 640, height: 400 } });
  const nurse = await askFor(page, [romeo]);
  await romeo.element.getByRole("button", { name: "Review" }).click();
  await romeo.element.getByRole("button", { name: "Accept Nurse" }).click();
  await romeo.element.locator(".requests").waitFor({ state: "hidden" });
  await nurse.close();
  await close(page);
});

test("a screen reader finds the parts of a pane by role and name, and is told what comes in", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  await romeo.open(juliet.name);
  const log = romeo.element.getByRole("log", { name: `Conversation with ${juliet.name}` });
  assert.equal(await log.getAttribute("aria-live"), "polite");
  await juliet.open(romeo.name);
  await juliet.send("Ay me!");
  await log.getByText("Ay me!").waitFor();
  await juliet.lastDelivery("acked");

  const seen = (await romeo.element.ariaSnapshot())
    .replaceAll(new RegExp(String.raw`${romeo.name}|${juliet.name}`, "gi"), (name) => name.replace(/\d+$/, ""))
    .replaceAll(/time: .*/g, "time")
    .replaceAll(/paragraph: \w+day, .*/g, "paragraph: the day");
  assert.equal(seen, `\
- region "romeo@localhost":
  - heading "romeo@localhost" [level=2]
  - paragraph:
    - status: Connected
  - button "XML console"
  - button "Account menu"
  - form "Presence of romeo@localhost":
    - text: Your availability
    - combobox "Your availability":
      - option "Online" [selected]
      - option "Free to chat"
      - option "Away"
      - option "Extended away"
      - option "Do not disturb"
    - text: Your status
    - textbox "Your status"
  - navigation "Contacts of romeo@localhost":
    - heading "Verona 1 of 1 online" [level=3]
    - list:
      - listitem:
        - button "Juliet Online"
  - button "Add a contact"
  - heading "Juliet" [level=3]
  - paragraph: Online
  - button "Contact menu"
  - log "Conversation with Juliet":
    - paragraph: the day
    - article:
      - text: "Juliet:"
      - paragraph: Ay me!
      - paragraph:
        - time
  - text: Message to juliet@localhost
  - textbox "Message to juliet@localhost":
    - /placeholder: Write a message
  - button "Send"`);
  await close(page);
});

test("logging out is seen by the contact, and one logs in again", async () => {
  const { page, romeo, juliet } = await openDemoWithContacts();
  const isKept = (wanted) => page.waitForFunction(([jid, wanted]) => Object.keys(sessionStorage).some((key) => key.includes(`:${jid}:`)) === wanted, [romeo.jid, wanted]);
  await isKept(true);
  await romeo.chooseFromMenu("Account menu", "Log out");
  await romeo.element.getByText(`You have logged out of ${romeo.jid}.`).waitFor();
  await juliet.row(romeo.name).filter({ hasText: "Offline" }).waitFor();
  await isKept(false);
  await romeo.element.getByRole("button", { name: `Log in as ${romeo.jid}` }).click();
  await romeo.hasState("Connected");
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
  await romeo.hasState("Connected");
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
    await guest.hasState("Connected");
    page.assertNoErrors(/404/); // demo.json, which is not there
  } finally {
    await alone.close();
  }
});
