// With a library that knows Symbol.asyncDispose.

import { Client } from "waxwing";

export async function main(): Promise<void> {
  await using client = new Client({ jid: "romeo@example.net" });
  await client.connect();
  await client[Symbol.asyncDispose]();
}
