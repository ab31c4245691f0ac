-- Text search in archives (XEP-0431), which Prosody's own mod_mam does not have: as much of it as a test needs. All that is found is one page.

local st = require "prosody.util.stanza";
local rsm = require "prosody.util.rsm";
local datetime = require "prosody.util.datetime";
local dataform = require "prosody.util.dataforms".new;

local xmlns_mam = "urn:xmpp:mam:2";
local field = "{urn:xmpp:fulltext:0}fulltext";
local archive = module:open_store("archive", "archive");

local form = dataform {
	{ name = "FORM_TYPE"; type = "hidden"; value = xmlns_mam };
	{ name = "with"; type = "jid-single" };
	{ name = "start"; type = "text-single" };
	{ name = "end"; type = "text-single" };
	{ name = "before-id"; type = "text-single" };
	{ name = "after-id"; type = "text-single" };
	{ name = field; type = "text-single" };
};

module:hook("iq-get/self/"..xmlns_mam..":query", function (event)
	event.origin.send(st.reply(event.stanza):query(xmlns_mam):add_child(form:form()));
	return true;
end, 1);

module:hook("iq-set/self/"..xmlns_mam..":query", function (event)
	local origin, stanza = event.origin, event.stanza;
	local query = stanza.tags[1];
	local given = query:get_child("x", "jabber:x:data");
	local wanted = given and form:data(given) or {};
	if not wanted[field] then return; end
	local first, last, count = nil, nil, 0;
	for id, item, when in archive:find(origin.username, { with = wanted.with }) do
		if (item:get_child_text("body") or ""):find(wanted[field], 1, true) then
			item.attr.xmlns = "jabber:client";
			origin.send(st.message({ to = stanza.attr.from })
				:tag("result", { xmlns = xmlns_mam, queryid = query.attr.queryid, id = id })
					:tag("forwarded", { xmlns = "urn:xmpp:forward:0" })
						:tag("delay", { xmlns = "urn:xmpp:delay", stamp = datetime.datetime(when) }):up():add_child(item));
			first, last, count = first or id, id, count + 1;
		end
	end
	origin.send(st.reply(stanza):tag("fin", { xmlns = xmlns_mam, complete = "true" })
		:add_child(rsm.generate { first = first, last = last, count = count }));
	return true;
end, 1);
