// Stands for modules of Node that a peer imports and never uses in a browser.
export default {};
