// The one place that knows where the package lies.
//
// In your own project this file is not needed: with a bundler, or with an import map, write
//     import { Client, xml } from "waxwing";
// This page has neither. It has no build step, and an inline import map would be an inline script, which
// its Content-Security-Policy forbids.
export * from "./pkg/index.js";
