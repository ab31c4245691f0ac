// The dialogs about a contact. <dialog> keeps the focus inside, closes with Escape and gives the focus back by itself.

import { h, uniqueId } from "./dom.js";
import { errorWords } from "./words.js";

/**
 * Asks for a contact's address, name and groups. `onSave` may reject: the dialog then stays open and says why.
 *
 * @param {object} options
 * @param {HTMLElement} options.parent
 * @param {string} options.title
 * @param {string} [options.owner]    whose list it is, where that could be in doubt
 * @param {string} [options.jid]      fills the address
 * @param {import("waxwing").RosterItem} [options.item]  the contact to edit; left out, one is added
 * @param {string[]} options.groups   those that exist, to choose from
 * @param {(contact: { jid: string, name: string, groups: string[], isAsking: boolean }) => Promise<void>} options.onSave
 */
export function contactDialog({ parent, title, owner, jid, item, groups, onSave }) {
  const [jidId, nameId, groupsId, hintId, listId] = ["jid", "name", "groups", "hint", "list"].map(uniqueId);
  const jidInput = h("input", { id: jidId, type: "text", required: true, inputmode: "email", autocapitalize: "none", autocomplete: "off", spellcheck: "false", placeholder: "juliet@example.com", value: jid, readonly: Boolean(item) });
  const nameInput = h("input", { id: nameId, type: "text", dir: "auto", autocomplete: "off", value: item?.name, placeholder: "How you want to call them" });
  const groupsInput = h("input", { id: groupsId, type: "text", dir: "auto", autocomplete: "off", list: listId, "aria-describedby": hintId, value: item?.groups.join(", "), placeholder: "Friends, Work" });
  const asking = h("input", { type: "checkbox", checked: true });

  openDialog({
    parent, title,
    fields: [
      owner && h("p", { class: "dialog-owner" }, "to the list of ", h("bdi", {}, owner)),
      h("div", { class: "field" }, h("label", { for: jidId }, "Address"), jidInput),
      h("div", { class: "field" }, h("label", { for: nameId }, "Name"), nameInput),
      h("div", { class: "field" }, h("label", { for: groupsId }, "Groups"), groupsInput,
        h("datalist", { id: listId }, groups.map((group) => h("option", { value: group }))),
        h("p", { class: "hint", id: hintId }, "Separated by commas. None is fine.")),
      !item && h("label", { class: "checkbox" }, asking, h("span", {}, "Ask to see when they are online")),
    ],
    focus: item || jid ? nameInput : jidInput,
    action: item ? "Save" : "Add contact",
    onConfirm: () => onSave({
      jid: jidInput.value.trim(),
      name: nameInput.value.trim(),
      groups: groupsInput.value.split(",").map((group) => group.trim()).filter(Boolean),
      isAsking: asking.checked,
    }),
  });
}

/** Asks whether a contact is really to be removed. */
export function removeDialog({ parent, jid, name, onRemove }) {
  openDialog({
    parent,
    title: "Remove contact",
    fields: [h("p", {}, h("bdi", {}, name), " will no longer be in your list, and neither of you will see when the other is online."),
      name !== jid && h("p", { class: "hint" }, jid)],
    action: "Remove",
    isDanger: true,
    onConfirm: onRemove,
  });
}

function openDialog({ parent, title, fields, focus, action, isDanger, onConfirm }) {
  const titleId = uniqueId("dialog");
  const message = h("p", { class: "form-message", role: "alert" });
  const confirm = h("button", { type: "submit", class: isDanger ? "danger" : "primary" }, action);
  const dialog = h("dialog", { "aria-labelledby": titleId, onclose: () => dialog.remove() },
    h("form", {
      onsubmit: async (event) => {
        event.preventDefault();
        confirm.disabled = true;
        message.textContent = "";
        try {
          await onConfirm();
          dialog.close();
        } catch (error) {
          message.textContent = errorWords(error);
          confirm.disabled = false;
        }
      },
    },
    h("h2", { id: titleId }, title),
    fields.filter(Boolean),
    message,
    h("div", { class: "dialog-buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), confirm)));
  parent.append(dialog);
  dialog.showModal();
  (focus ?? confirm).focus();
}
