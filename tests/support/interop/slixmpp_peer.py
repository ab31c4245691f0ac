"""slixmpp, over TCP, as the other side of a conversation: commands come as lines of JSON, what it sees goes out as such."""

import asyncio
import json
import sys

from slixmpp import ClientXMPP


def tell(**event):
    print(json.dumps(event), flush=True)


class Peer(ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        for plugin in ("xep_0085", "xep_0184", "xep_0308", "xep_0333", "xep_0444"):
            self.register_plugin(plugin)
        self["feature_mechanisms"].unencrypted_scram = True
        self.add_event_handler("session_start", self.begin)
        self.add_event_handler("failed_auth", lambda _: tell(kind="failed", why="authentication"))
        self.add_event_handler("message", self.heard)
        self.add_event_handler("message_correction", lambda _: None)
        self.add_event_handler("receipt_received", lambda m: tell(kind="receipt", **{"from": str(m["from"])}, about=m["receipt"]))
        self.add_event_handler("marker_displayed", lambda m: tell(kind="displayed", **{"from": str(m["from"])}, about=m["displayed"]["id"]))
        self.add_event_handler("chatstate_composing", lambda m: tell(kind="composing", **{"from": str(m["from"])}))
        self.add_event_handler("reactions", self.reacted)

    async def begin(self, _):
        self.send_presence()
        tell(kind="online", jid=str(self.boundjid))

    def heard(self, message):
        if message["body"]:
            replaces = message["replace"]["id"] or None
            tell(kind="message", **{"from": str(message["from"])}, id=message["id"], body=message["body"], replaces=replaces)

    def reacted(self, message):
        reactions = message["reactions"]
        emoji = "".join(reaction["value"] for reaction in reactions)
        tell(kind="reaction", **{"from": str(message["from"])}, about=reactions["id"], emoji=emoji)

    def run_command(self, name, to, id=None, body=None, about=None, emoji=None):
        message = self.make_message(mto=to, mbody=body, mtype="chat")
        if id:
            message["id"] = id
        if name == "send":
            message["request_receipt"] = True
            message.enable("markable")
            message["chat_state"] = "active"
        elif name == "correct":
            message["replace"]["id"] = about
        elif name == "composing":
            message["chat_state"] = "composing"
        elif name == "displayed":
            return self["xep_0333"].send_marker(to, about, "displayed")
        elif name == "react":
            return self["xep_0444"].send_reactions(to, about, [emoji])
        message.send()


async def main():
    host, port, jid, password = sys.argv[1:]
    peer = Peer(jid, password)
    peer.connect((host, int(port)), disable_starttls=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        peer.run_command(command.pop("do"), **command)
    await peer.disconnect()


asyncio.run(main())
