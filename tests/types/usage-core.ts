// The core build has the contract of the package, and wants a url.

import { Client, init, xml, XmppError } from "waxwing/core";
import type { ClientEvents, ClientOptions, Message } from "waxwing/core";
import { Client as FullClient } from "waxwing";
import type { ClientOptions as FullClientOptions, XmppError as FullError } from "waxwing";

const options: ClientOptions = { jid: "romeo@example.net", password: "s3cret", url: "wss://example.net/xmpp-websocket" };
const client = new Client(options);

// @ts-expect-error: the server is not looked for
new Client({ jid: "romeo@example.net" });
// @ts-expect-error
new Client({ jid: "romeo@example.net", url: undefined });
// @ts-expect-error: no such option
new Client({ ...options, passwort: "s3cret" });

// What is written for the core takes a client of the whole package.
export const whole: Client = new FullClient(options);
export const wholeOptions: FullClientOptions = options;
// @ts-expect-error: an extension
client.extend({ name: "x", namespaces: [] });
// @ts-expect-error: an extension
client.messages.history("juliet@example.com");
// @ts-expect-error: an extension
client.messages.send({ to: "a@b", attachments: [] });

export async function main(): Promise<void> {
  await init();
  await client.connect();
  client.on("message", (message: Message) => console.log(message.body));
  const name: keyof ClientEvents = "presence";
  client.off(name, () => {});
  const sent: Message = await client.messages.send({ to: "juliet@example.com", body: "Hi" });
  console.log(sent.id, client.roster.items.length, client.presence.resources("juliet@example.com").length);
  await client.request(xml`<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>`).catch((error: unknown) => {
    if (error instanceof XmppError) console.log(error.code satisfies FullError["code"]);
  });
  await client.account.logout();
}
