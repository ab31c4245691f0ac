// What an app says of files (XEP-0447) and links (XEP-0511) in a message.

import { listOf, moment, nonEmpty, oneOf, shape, text, texts, whole } from "./check.js";

const count = whole(0, Number.MAX_SAFE_INTEGER);

const thumbnail = shape({ uri: nonEmpty, mediaType: nonEmpty, width: count, height: count }, "uri");

const attachment = shape({
  id: nonEmpty,
  urls: listOf(nonEmpty),
  name: nonEmpty,
  mediaType: nonEmpty,
  size: count,
  width: count,
  height: count,
  durationMs: count,
  modified: moment,
  description: text,
  hashes: texts,
  disposition: oneOf("inline", "attachment"),
  thumbnails: listOf(thumbnail),
});

const linkMetadata = shape(
  {
    about: nonEmpty,
    title: text,
    description: text,
    url: nonEmpty,
    type: text,
    siteName: text,
    video: nonEmpty,
    images: listOf(shape({ url: nonEmpty, alt: text }, "url")),
  },
  "about",
);

export const attachmentFields = { attachments: listOf(attachment), links: listOf(linkMetadata) };
